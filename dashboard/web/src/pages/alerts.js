/* Alerts: what the rules raised, the rules themselves, and whether messages arrive. */
import { get, post } from "../lib/api.js";
import { h, refill } from "../lib/dom.js";
import { count, counted, duration, moment, NONE } from "../lib/format.js";
import { onLive } from "../lib/live.js";
import { NOT_YET, settled } from "../lib/settle.js";
import { isAnalyst } from "../lib/session.js";
import { filterBar } from "../components/filters.js";
import { pageHead, panel } from "../components/layout.js";
import { exportLinks } from "../components/list.js";
import { emptyState, load } from "../components/load.js";
import { loginColumns } from "../components/login_columns.js";
import { table } from "../components/table.js";
import { toast } from "../components/toast.js";

const FIELDS = [{ name: "state", label: "State", type: "select", options: [["", "open"], ["acknowledged", "acknowledged"], ["all", "all"]] }];

function delivery(one) {
  return h("li", { class: one.ok === false ? "state-bad" : "state-ok" }, h("strong", {}, one.channel), one.ok === null ? " waits" : one.ok ? " delivered " : " failed ",
    one.ok !== null && moment(one.time), one.attempts > 1 && `, ${counted(one.attempts, "attempt")}`, one.ok === false && one.message && `: ${one.message}`);
}

/* Its worst ones, asked for when somebody wants to see them. */
function itsLogins(alert, signal) {
  const rows = h("div", {});
  const words = alert.count > alert.logins.length ? `The ${count(alert.logins.length)} worst of ${counted(alert.count, "login")}` : counted(alert.logins.length, "login");
  const details = h("details", { ontoggle: () => {
    if (!details.open || rows.hasChildNodes()) return;
    load(rows, signal, () => Promise.all(alert.logins.map((id) => get(`/api/logins/${encodeURIComponent(id)}`, null, signal))), (answers) =>
      table("Logins of the alert", loginColumns("time", "user", "verdict", "risk", "from", "why"), answers.map(({ login }) => login), { class: "table cards" }));
  } }, h("summary", {}, words), rows);
  return details;
}

function alertCard(alert, again, signal) {
  const button = h("button", { type: "button", onclick: async () => {
    button.disabled = true;
    try {
      await post(`/api/alerts/${encodeURIComponent(alert.id)}/acknowledge`);
      const done = await settled(() => get("/api/alerts", { state: "acknowledged" }, signal),
        (page) => page.items.some((one) => one.id === alert.id), signal);
      if (!done) toast(NOT_YET, { bad: true });
      again();
    } catch (error) {
      button.disabled = false;
      toast(error.message, { bad: true });
    }
  } }, "Acknowledge");
  return h("li", { class: "panel alert-card" },
    h("div", { class: "alert-head" }, h("h2", {}, alert.summary),
      alert.acknowledged ? h("span", { class: "badge label-legitimate" }, `acknowledged by ${alert.acknowledged.by}`) : isAnalyst() && button),
    h("p", { class: "muted" }, "rule ", h("strong", {}, alert.rule), alert.group && [", ", h("span", { class: "mono" }, alert.group)], " · ",
      counted(alert.count, "event"), " · ", moment(alert.time), alert.last !== alert.time && ["–", moment(alert.last)]),
    alert.logins?.length > 0 && itsLogins(alert, signal),
    h("ul", { class: "deliveries" }, (alert.deliveries ?? []).map(delivery)));
}

const STAGES = { attempt: "at the attempt", accepted: "once accepted", opened: "once a session opens", closed: "once the session ends",
  labelled: "when labelled" };

const CONDITIONS = {
  on: (value) => STAGES[value] ?? value,
  verdict: (value) => (value === "deny" ? "verdict deny" : `verdict ${value} or above`),
  risk: (value) => `risk of ${value} or more`,
  volume: (value) => `${value} or more moved`,
};

function condition(of) {
  return Object.entries(of).map(([name, value]) => CONDITIONS[name]?.(value) ?? `${name} ${value}`).join("; ") || "every login";
}

function testButton(channel) {
  const button = h("button", { type: "button", onclick: async () => {
    button.disabled = true;
    try {
      await post("/api/alerts/test", { channel: channel.name });
      toast(`A test message goes out through ${channel.name}; its delivery is listed here.`);
    } catch (error) {
      toast(error.message, { bad: true });
    }
    button.disabled = false;
  } }, "Send a test");
  return button;
}

function rules(answer) {
  return [
    answer.problems?.length > 0 && h("div", { class: "problem", role: "alert" }, h("p", {}, h("strong", {}, "The rules have mistakes. "), answer.file),
      h("ul", {}, answer.problems.map((problem) => h("li", {}, problem)))),
    panel("Rules", { note: answer.file }, answer.rules.length === 0
      ? emptyState("There are no rules.", "Write some into ", h("code", {}, answer.file ?? "the rules file"), "; anomalyd reads them again on SIGHUP.")
      : table("Rules", [
        { label: "Rule", lead: true, cell: (rule) => h("strong", {}, rule.name) },
        { label: "When", class: "whole", cell: (rule) => condition(rule.condition) },
        { label: "Grouped by", cell: (rule) => (Array.isArray(rule.group_by) ? rule.group_by.join(", ") : rule.group_by) || NONE },
        { label: "Quiet for", number: true, cell: (rule) => duration(rule.quiet_s) },
        { label: "Channels", cell: (rule) => (rule.channels ?? []).join(", ") || NONE }], answer.rules, { class: "table cards" })),
    panel("Channels", {}, answer.channels.length === 0
      ? h("p", { class: "muted" }, "No channel is set up: alerts are shown here and nowhere else.")
      : table("Channels", [
        { label: "Channel", lead: true, cell: (channel) => h("strong", {}, channel.name) },
        { label: "Kind", cell: (channel) => channel.kind },
        { label: "To", class: "whole", cell: (channel) => h("span", { class: "mono" }, channel.target ?? NONE) },
        { label: "Last delivered", cell: (channel) => moment(channel.last_ok) },
        { label: "Last error", class: "why", cell: (channel) => (channel.last_error ? [moment(channel.last_error.time), ": ", channel.last_error.message] : NONE) },
        ...(isAnalyst() ? [{ label: "Test", bare: true, cell: testButton }] : [])], answer.channels, { class: "table cards" })),
  ];
}

export default {
  title: () => "Alerts",

  show(view) {
    const { root, signal } = view;
    const filters = filterBar(FIELDS, view.query, "Filter alerts");
    const [list, below] = [h("div", {}), h("div", { class: "stack" })];
    let query = view.query;
    const wanted = () => ({ state: query.get("state") || "open" });
    const fill = () => load(list, signal, () => get("/api/alerts", { limit: 100, ...wanted() }, signal), (page) =>
      (page.items.length === 0
        ? emptyState(query.get("state") ? "No alert." : "No open alert.", "Alerts come from the rules below; one that was acknowledged is under “acknowledged”.")
        : [h("p", { class: "unseen", role: "status" }, counted(page.items.length, "alert")),
          h("ul", { class: "alert-list" }, page.items.map((alert) => alertCard(alert, fill, signal))),
          page.next && h("p", { class: "muted" }, `The newest ${count(page.items.length)} are shown.`),
          exportLinks("/api/alerts", wanted())]));
    refill(root, pageHead("Alerts"), filters, list, below);
    fill();
    load(below, signal, () => get("/api/alerts/rules", null, signal), rules);
    onLive("alert", signal, fill);
    return (changed) => {
      query = changed;
      filters.update(changed);
      fill();
    };
  },
};
