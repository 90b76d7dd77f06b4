/* One address: what it tried, and what came of it. */
import { get } from "../lib/api.js";
import { h, refill } from "../lib/dom.js";
import { count, counted, moment, network, place } from "../lib/format.js";
import { facts, pageHead, panel, userLink } from "../components/layout.js";
import { pagedList } from "../components/list.js";
import { load } from "../components/load.js";
import { loginColumns } from "../components/login_columns.js";
import { table } from "../components/table.js";
import { VERDICTS, verdictName } from "../components/verdict.js";

const NAME_COLUMNS = [
  { label: "Name", lead: true, cell: (row) => userLink(row.user) },
  { label: "Attempts", number: true, cell: (row) => count(row.attempts) },
  { label: "Failed", number: true, cell: (row) => count(row.failures) },
  { label: "Succeeded", number: true, cell: (row) => count(row.successes) },
  { label: "Last", wide: true, cell: (row) => moment(row.last) },
];

/* The rates fade with time, so they are seldom whole. */
function rate(value) {
  return value === undefined || value === null ? null : value.toFixed(value < 10 ? 1 : 0);
}

function verdicts(of) {
  return VERDICTS.map((name) => [name, of?.[name] ?? of?.[name.replace("-", "_")]])
    .filter(([, number]) => number > 0)
    .map(([name, number]) => h("span", { class: "verdict-count" }, verdictName(name), " ", count(number)));
}

function shown(source, view) {
  const judged = verdicts(source.verdicts);
  return [h("div", { class: "grid halves" },
    panel("What is known", {}, facts([
      ["Place", place(source)], ["Network", network(source.asn)],
      ["First seen", moment(source.first)], ["Last seen", moment(source.last)],
      ["Verdicts", judged.length ? judged : "none was judged"],
      ["Exceptions", source.exempt?.length ? source.exempt.map((one) => one.subject).join(", ") : "none"]])),
    panel("Attempts now", { note: "fading counts, as the model sees them" }, facts([
      ["Last minute", rate(source.attempts?.minute)], ["Last 10 minutes", rate(source.attempts?.ten_minutes)],
      ["Last hour", rate(source.attempts?.hour)], ["Last day", rate(source.attempts?.day)]]))),
  panel("Names it tried", { note: counted(source.names.length, "name") }, source.names.length
    ? table("Names tried", NAME_COLUMNS, source.names) : h("p", { class: "muted" }, "None is in the store any more.")),
  panel("Latest logins from here", { note: h("a", { href: `/logins?ip=${encodeURIComponent(source.ip)}` }, "all of them") }, pagedList({
    view, path: "/api/logins", query: { ip: source.ip, limit: 20 }, caption: `Logins from ${source.ip}`,
    columns: loginColumns("time", "user", "verdict", "risk", "method", "reached", "why"),
    empty: () => h("p", { class: "muted" }, "None is in the store any more."),
  }))];
}

export default {
  title: ({ ip }) => ip,

  show(view) {
    const { root, params, signal } = view;
    const ip = encodeURIComponent(params.ip);
    const body = h("div", {});
    refill(root, pageHead(params.ip, h("a", { class: "button", href: `/exceptions?kind=network&subject=${ip}` }, "Make an exception")), body);
    load(body, signal, () => get(`/api/sources/${ip}`, null, signal), (source) => shown(source, view));
  },
};
