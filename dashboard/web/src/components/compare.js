/*
 * A login beside the same user's previous one, line by line; what differs is marked, also in words for
 * those who do not see the mark. travel: {distance_km, hours, speed_kmh} or null.
 */
import { h } from "../lib/dom.js";
import { bytes, distance, duration, moment, network, NONE, place } from "../lib/format.js";
import { loginPath } from "./login_columns.js";

const FASTEST_FLIGHT_KMH = 1000;

const LINES = [
  ["Time", (login) => moment(login.time, { seconds: true }), false],
  ["Address", (login) => login.ip ?? "console", true],
  ["Place", (login) => place(login) || NONE, true],
  ["Network", (login) => network(login.asn) || NONE, true],
  ["Device", (login) => login.device ?? NONE, true],
  ["Method", (login) => login.method ?? NONE, true],
  ["Key", (login) => login.key ?? NONE, true],
  ["Service", (login) => [login.service, login.host].filter(Boolean).join(" on ") || NONE, true],
  ["Round trip", (login) => (login.rtt_us ? `${(login.rtt_us / 1000).toFixed(1)} ms` : NONE), false],
  ["Moved", (login) => (login.bytes_in === undefined && login.bytes_out === undefined ? NONE
    : `${bytes(login.bytes_in)} in, ${bytes(login.bytes_out)} out`), false],
];

export function travelLine(travel) {
  if (!travel || travel.distance_km === null || travel.distance_km === undefined || travel.distance_km < 1) return null;
  const fast = travel.speed_kmh > FASTEST_FLIGHT_KMH;
  return h("p", { class: `travel${fast ? " fast" : ""}` },
    h("strong", {}, distance(travel.distance_km)), " apart in ",
    h("strong", {}, duration(3600 * travel.hours)),
    travel.distance_km >= 50 && [": ", h("strong", {}, `${Math.round(travel.speed_kmh).toLocaleString()} km/h`)],
    fast && ", faster than an airliner");
}

export function compareLogins(login, previous, travel) {
  if (!previous) {
    return h("p", { class: "muted" }, "This user has no earlier completed login to compare with.");
  }
  const rows = LINES.map(([name, value, compared]) => {
    const [now, before] = [value(login), value(previous)];
    if (now === NONE && before === NONE) return null;
    const differs = compared && before !== NONE && now !== before;
    return h("tr", { class: differs ? "differs" : null },
      h("th", { scope: "row" }, name),
      h("td", {}, now, differs && h("span", { class: "unseen" }, " (differs)")), h("td", {}, before));
  });
  return [travelLine(travel), h("table", { class: "compare" },
    h("caption", { class: "unseen" }, "This login beside the user's previous one"),
    h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, "This login"),
      h("th", { scope: "col" }, h("a", { href: loginPath(previous) }, "Previous login")))),
    h("tbody", {}, rows.filter(Boolean)))];
}
