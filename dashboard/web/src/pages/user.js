/* One user: what is usual for them, and what they did lately. */
import { get } from "../lib/api.js";
import { h, refill } from "../lib/dom.js";
import { count, counted, moment, network, NONE, place } from "../lib/format.js";
import { weekHeatmap } from "../components/heatmap.js";
import { facts, pageHead, panel, sourceLink } from "../components/layout.js";
import { pagedList } from "../components/list.js";
import { load } from "../components/load.js";
import { loginColumns } from "../components/login_columns.js";
import { table } from "../components/table.js";
import { timeline } from "../components/timeline.js";

const logins = { label: "Logins", number: true, cell: (row) => count(row.logins) };
const FIRST_SHOWN = 8;

const last = { label: "Last", cell: (row) => moment(row.last) };

/* What was seen of one kind: the first few, the others when asked for. names: one, many. */
function known(title, names, cell, rows, empty) {
  if (!rows?.length) return panel(title, {}, h("p", { class: "muted" }, empty));
  const columns = [{ label: `${names[0][0].toUpperCase()}${names[0].slice(1)}`, lead: true, cell }, ...(rows[0].logins === undefined ? [] : [logins]), ...(rows[0].last === undefined ? [] : [last])];
  const rest = rows.slice(FIRST_SHOWN);
  return panel(title, { note: counted(rows.length, ...names) }, table(title, columns, rows.slice(0, FIRST_SHOWN)),
    rest.length > 0 && h("details", { class: "as-table" }, h("summary", {}, `${count(rest.length)} more`), table(`More: ${title}`, columns, rest)));
}

/* A name, or an object whose text is under one of these. */
function text(row) {
  return typeof row === "string" ? row : (row.method ?? row.host ?? row.name ?? NONE);
}

function listed(rows) {
  return (rows ?? []).map((row) => (row.logins === undefined ? text(row) : `${text(row)} (${count(row.logins)})`)).join(", ");
}

function summary(user) {
  return facts([
    ["Learned logins", count(user.learned_logins)],
    ["First seen", moment(user.first)],
    ["Last seen", moment(user.last)],
    ["Attempts", user.totals && count(user.totals.attempts)],
    ["Failed", user.totals && count(user.totals.failures)],
    ["Methods", listed(user.methods)],
    ["Hosts", listed(user.hosts)],
    ["Exceptions", user.exempt?.length ? [h("a", { href: "/exceptions" }, counted(user.exempt.length, "exception")), ": ",
      user.exempt.map((one) => `${one.kind} ${one.subject}${one.why ? ` (${one.why})` : ""}`).join(", ")] : "none"],
  ]);
}

function shown(user, view) {
  return [
    !user.known && h("p", { class: "notice" }, "No login of this name was ever completed: whoever tries it is guessing, or new. Verdicts on it rest on the source alone."),
    h("div", { class: "grid user-grid" },
      panel("Who", {}, summary(user)),
      panel("Habitual hours", { note: "local time of the machine, learned logins fading with age", class: "span-2" }, weekHeatmap(user.hours)),
      panel("Timeline", { note: user.timeline.length >= 500 ? "the newest 500" : null, class: "span-all" }, timeline(user.timeline),
        h("div", { class: "legend" }, h("span", {}, "✕ deny"), h("span", {}, "▲ step up"), h("span", {}, "■ log"), h("span", {}, "● allow or not judged; height: risk"))),
      h("div", { class: "stack" }, known("Places", ["place"], (row) => [place(row) || network(row.asn) || "unknown", h("span", { class: "sub" }, place(row) && network(row.asn))],
        user.places, "No place is known of this user."),
      known("Keys", ["key"], (row) => h("span", { class: "mono" }, row.key), user.keys, "No key of this user is known by its fingerprint.")),
      known("Devices", ["device"], (row) => row.device, user.devices, "No device was seen: clients are told apart by their TCP stack."),
      known("Addresses", ["address", "addresses"], (row) => [sourceLink(typeof row === "string" ? row : row.ip), typeof row === "object" && h("span", { class: "sub" }, place(row))],
        user.addresses, "No address is known of this user.")),
    panel("Latest logins", { note: h("a", { href: `/logins?user=${encodeURIComponent(user.user)}` }, "all of them") }, pagedList({
      view, path: "/api/logins", query: { user: user.user, limit: 20 }, caption: `Logins of ${user.user}`,
      columns: loginColumns("time", "verdict", "risk", "from", "method", "reached", "why"),
      empty: () => h("p", { class: "muted" }, "No login of this user is in the store any more."),
    })),
  ];
}

export default {
  title: ({ name }) => name,

  show(view) {
    const { root, params, signal } = view;
    const name = encodeURIComponent(params.name);
    const body = h("div", {});
    refill(root, pageHead(params.name, h("a", { class: "button", href: `/exceptions?kind=user&subject=${name}` }, "Make an exception")), body);
    load(body, signal, () => get(`/api/users/${name}`, null, signal), (user) => shown(user, view));
  },
};
