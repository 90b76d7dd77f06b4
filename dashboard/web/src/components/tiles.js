/*
 * The totals of a range beside those of the same length a day and a week earlier. An arrow and a sign
 * say the direction; no colour does, as more failures may be good news (they failed).
 */
import { h } from "../lib/dom.js";
import { compact, count } from "../lib/format.js";

const TILES = [
  ["attempts", "Attempts", "/logins"],
  ["successes", "Successes", "/logins?reached=accepted"],
  ["failures", "Failures", "/logins?reached=attempt"],
  ["step_ups", "Step-ups", "/logins?verdict=step-up"],
  ["denials", "Denials", "/logins?verdict=deny"],
  ["would_deny", "Would deny", "/logins?verdict=deny"],
];

function change(now, before, span) {
  let text = "±0";
  if (before === 0 && now > 0) text = `▲ +${compact(now)}`;
  else if (now !== before) {
    const percent = Math.round((100 * (now - before)) / before);
    text = `${now > before ? "▲ +" : "▼ −"}${compact(Math.abs(percent))} %`;
  }
  return h("div", { title: `${count(before)} a ${span} earlier` }, h("span", { class: "change" }, text), ` in a ${span}`);
}

export function tiles(overview) {
  const range = new URLSearchParams(location.search);
  const kept = ["since", "until"].filter((name) => range.get(name))
    .map((name) => `${name}=${encodeURIComponent(range.get(name))}`).join("&") || "since=24h";
  return h("section", { class: "tiles span-all", "aria-label": "Totals" }, TILES.map(([field, words, to]) =>
    h("a", { class: `tile tile-${field}`, href: `${to}${to.includes("?") ? "&" : "?"}${kept}` },
      h("span", { class: "tile-name" }, words),
      h("span", { class: "tile-value" }, count(overview.now[field])),
      h("span", { class: "tile-changes" },
        change(overview.now[field], overview.day_before[field], "day"),
        change(overview.now[field], overview.week_before[field], "week")))),
  overview.now.faults > 0 && h("p", { class: "problem tile-note" },
    `${count(overview.now.faults)} logins could not be judged (faults): the configured answer was given. `,
    h("a", { href: "/model" }, "See the state of the model")));
}
