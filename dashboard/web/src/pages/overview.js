/* Overview: what happened in a range of time, against the day and the week before. */
import { get } from "../lib/api.js";
import { h, refill } from "../lib/dom.js";
import { count, counted, moment, network, place } from "../lib/format.js";
import { onLive } from "../lib/live.js";
import { chosen, filterBar } from "../components/filters.js";
import { timeChart } from "../components/chart.js";
import { latestLogins } from "../components/latest.js";
import { pageHead, panel, sourceLink, userLink } from "../components/layout.js";
import { emptyState, load } from "../components/load.js";
import { loginColumns } from "../components/login_columns.js";
import { worldMap } from "../components/map.js";
import { stateStrip } from "../components/state.js";
import { table } from "../components/table.js";
import { tiles } from "../components/tiles.js";

const REFRESH_MS = 60000;
const AFTER_EVENT_MS = 5000;

function charts(series, signal) {
  const sum = (name) => series[name].reduce((a, b) => a + b, 0);
  const times = series.times;
  if (times.length === 0) return null;
  const bucket = series.bucket_s >= 86400 ? "day" : series.bucket_s >= 3600 ? "hour" : "minute";
  const per = series.bucket_s % 3600 === 0 && series.bucket_s < 86400 ? `${series.bucket_s / 3600} h`
    : series.bucket_s < 3600 ? `${series.bucket_s / 60} min` : `${series.bucket_s / 86400} d`;
  return panel("Over time", { note: `each ${bucket === "day" ? "point" : "step"}: ${per}`, class: "span-all" },
    h("div", { class: "charts" }, timeChart({
      title: "Attempts", times, signal, sync: "overview",
      summary: `${counted(sum("successes"), "success", "successes")}, ${counted(sum("failures"), "failure")}`,
      series: [
        { name: "successes", colour: "chart-good", values: series.successes },
        { name: "failures", colour: "chart-bad", values: series.failures, dash: [4, 3] },
      ] }), timeChart({
      title: "Verdicts", times, signal, sync: "overview", bars: true,
      summary: `${counted(sum("step_ups"), "step-up")}, ${counted(sum("denials"), "denial")}, ${count(sum("would_deny"))} would-deny`,
      series: [
        { name: "denied", colour: "deny", values: series.denials },
        { name: "would deny", colour: "would-deny", values: series.would_deny },
        { name: "step-ups", colour: "chart-step-up", values: series.step_ups },
      ] })));
}

function most(title, options, columns, rows, empty, more) {
  return panel(title, options, rows.length === 0 ? h("p", { class: "muted" }, empty)
    : [table(title, columns, rows), more && h("p", { class: "more-link" }, h("a", { href: more }, "All of them"))]);
}

const attempts = { label: "Attempts", number: true, cell: (row) => count(row.attempts) };
const failures = { label: "Failed", number: true, cell: (row) => count(row.failures) };

function names(overview) {
  return most("Most attacked names", {}, [
    { label: "Name", lead: true, cell: (row) => userLink(row.user) }, attempts, failures,
    { label: "Last", wide: true, cell: (row) => moment(row.last) }],
  overview.names, "Nobody was tried in this time.", "/users?order=attempts");
}

function busiest(overview) {
  return [
    most("Busiest addresses", { class: "span-2" }, [
      { label: "Address", lead: true, cell: (row) => [sourceLink(row.ip), h("span", { class: "sub" }, place(row))] }, attempts, failures, { label: "Last", wide: true, cell: (row) => moment(row.last) }],
    overview.addresses, "No address was seen in this time.", "/sources?order=attempts"),
    most("Busiest networks", {}, [
      { label: "Network", lead: true, cell: (row) => [network(row.asn) || "unknown", h("span", { class: "sub" }, place(row))] },
      attempts, failures],
    overview.networks, "No network is known: without a geolocation database, addresses have none."),
  ];
}

function shown(overview, latest, signal) {
  if (overview.now.attempts === 0 && overview.week_before.attempts === 0) {
    return [emptyState("Nobody has logged in in this time.",
      "Choose a longer range, bring in a history with ", h("code", {}, "anomaly-trainer import"),
      ", or add pam_anomaly.so to a PAM stack: ", h("code", {}, "anomalyctl check"), " says what is missing."), latest];
  }
  return h("div", { class: "grid" }, tiles(overview), charts(overview.series, signal), latest,
    panel("Where from", { class: "span-2" }, worldMap(overview.map)), names(overview),
    panel("Riskiest logins", { class: "span-all" }, overview.riskiest.length === 0
      ? h("p", { class: "muted" }, "No login was judged in this time.")
      : [table("Riskiest logins", loginColumns("time", "user", "verdict", "risk", "from", "why"), overview.riskiest, { class: "table cards" }),
        h("p", { class: "more-link" }, h("a", { href: "/triage" }, "Judge them in triage"))]),
    busiest(overview));
}

export default {
  title: () => "Overview",

  show({ root, query, signal }) {
    const filters = filterBar([{ type: "range", label: "Time" }], query, "Range of time");
    const state = h("div", {});
    const body = h("div", {});
    const latest = latestLogins(signal);
    let now = query;
    let charting = new AbortController();
    let timer = 0;

    function refresh() {
      clearTimeout(timer);
      load(state, signal, () => get("/api/state", null, signal), stateStrip);
      return load(body, signal, () => Promise.all([get("/api/overview", chosen(now, ["since", "until"]), signal),
        latest.reload()]), ([overview]) => {
        charting.abort();
        charting = new AbortController();
        timer = setTimeout(quietly, REFRESH_MS);
        return shown(overview, latest.element, charting.signal);
      });
    }
    /* Not while somebody has something of it open or selected. */
    function quietly() {
      if (document.hidden || body.querySelector("details[open]") || body.contains(document.activeElement)) {
        timer = setTimeout(quietly, REFRESH_MS);
        return;
      }
      refresh();
    }
    refill(root, pageHead("Overview", filters), state, body);
    refresh();
    onLive("login", signal, () => {
      clearTimeout(timer);
      timer = setTimeout(quietly, AFTER_EVENT_MS);
    });
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      charting.abort();
    });
    return (changed) => {
      now = changed;
      filters.update(changed);
      refresh();
    };
  },
};
