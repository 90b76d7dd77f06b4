/* The model: what it is, how good it was on later logins, whether it still fits, what budgets would do. */
import { get } from "../lib/api.js";
import { h, refill } from "../lib/dom.js";
import { bytes, count, moment, NONE, percent, risk } from "../lib/format.js";
import { facts, pageHead, panel } from "../components/layout.js";
import { emptyState, load } from "../components/load.js";
import { driftPanel } from "../components/drift.js";
import { recallChart, reliabilityChart } from "../components/model_charts.js";
import { replayPanel } from "../components/replay.js";
import { table } from "../components/table.js";
import { verdictName } from "../components/verdict.js";

const POLL_MS = 1500;
const BUILT_IN = "built-in";

function trained(model) {
  if (model.trained) return moment(model.trained);
  return model.trained_us ? moment(new Date(model.trained_us / 1000).toISOString()) : NONE;
}

function what(model) {
  const summary = model.summary ?? {};
  return facts([
    ["Model", model.source ?? model.model],
    ["Trained", trained(model)],
    ["On", summary.logins !== undefined && `${count(summary.logins)} logins; ${count(summary.rows)} rows, ${count(summary.prior_rows)} of them of simulated machines`],
    ["Learner", summary.learner ?? model.kind],
    ["Trees", `${count(model.trees)} (${count(model.nodes)} nodes), isolation ${count(model.isolation_trees)}`],
    ["Features", count(model.features)],
    ["Size", bytes(model.bytes)],
    ["Checksum", model.checksum && h("span", { class: "mono" }, model.checksum)],
    ["Geolocation", model.geo || "none"],
    ["Held out", summary.held_out_logins !== undefined && `${count(summary.held_out_logins)} later logins, ${count(summary.held_out_attacks)} attacks`],
    ["AUC", summary.auc?.toFixed(4)],
    ["Recall at 1 % false alarms", percent(summary.recall_at_1pct)],
    ["Calibration", summary.calibration && `Brier score ${summary.calibration.brier.toFixed(4)}; off by ${(100 * summary.calibration.error).toFixed(1)} points on average`],
  ]);
}

function budgets(model) {
  const { budgets: shares = {}, realised = {} } = model.summary ?? {};
  const rows = ["log", "step_up", "deny"].map((name) => ({ name, risk: model.thresholds?.[name], budget: shares[name], realised: realised[name] }));
  return table("Budgets", [
    { label: "Verdict", lead: true, cell: (row) => verdictName(row.name.replace("_", "-")) },
    { label: "Risk from", number: true, cell: (row) => (row.risk > 1 ? "never" : risk(row.risk)) },
    { label: "Budget", number: true, cell: (row) => percent(row.budget, 2) },
    { label: "Held out", number: true, cell: (row) => (row.realised ? `${percent(row.realised.lowest, 2)}–${percent(row.realised.highest, 2)}` : NONE) },
  ], rows);
}

function families(summary) {
  const names = Object.keys(summary?.families ?? {});
  if (names.length === 0) return null;
  return panel("By kind of attack", { note: "held-out attacks" }, table("Recall by kind of attack", [
    { label: "Kind", lead: true, cell: (name) => name },
    { label: "Attacks", number: true, cell: (name) => count(summary.families[name].attacks) },
    { label: "AUC", number: true, cell: (name) => summary.families[name].auc?.toFixed(4) ?? NONE },
    { label: "Recall at 1 %", number: true, cell: (name) => percent(summary.families[name].recall_at_1pct) },
  ], names));
}

/* Asks until the job is done; render(result) then. */
function job(path, query, signal, render, words) {
  const root = h("div", {});
  let timer = 0;
  signal.addEventListener("abort", () => clearTimeout(timer));
  const look = () => load(root, signal, () => get(path, query, signal), (answer) => {
    if (answer.state === "failed") return emptyState(`${words} failed.`, answer.message ?? "The service's log says why.");
    if (answer.state !== "done") {
      timer = setTimeout(look, POLL_MS);
      return h("p", { class: "notice", role: "status" }, `${words} runs since `, moment(answer.started), "…");
    }
    return render(answer.result, answer);
  });
  look();
  return root;
}

export default {
  title: () => "Model",

  show({ root, query, signal }) {
    const since = query.get("since") ?? "30d";
    const [about, charts] = [h("div", {}), h("div", {})];
    let model = null;
    const [replay, drift] = [h("div", {}), h("div", {})];
    refill(root, pageHead("Model"), about, charts, replay, drift);
    load(about, signal, async () => {
      model = await get("/api/model", null, signal);
      return model;
    }, () => {
      refill(replay, panel("Slide a budget", { note: `whom it would have hit in the last ${since}` },
        job("/api/model/replay", { since }, signal, (result) => replayPanel(result, model), "The replay")));
      refill(charts, h("div", { class: "grid halves" },
        panel("Recall", { note: "held-out attacks found, by the false alarms allowed" }, recallChart(model.summary)),
        panel("Reliability", { note: "whether a risk of 0.3 is an attack three times in ten" }, reliabilityChart(model.summary))));
      refill(drift, panel("Drift", { note: "whether lately's logins still look like those it was trained on" }, model.source === BUILT_IN
        ? emptyState("The built-in model does not know what logins were like here.", "Train one: ", h("code", {}, "anomaly-trainer train"))
        : job("/api/model/drift", null, signal, driftPanel, "The comparison")));
      return h("div", { class: "grid halves" }, panel("What it is", {}, what(model)),
        h("div", { class: "stack" }, panel("Budgets", { note: "shares of legitimate logins" }, budgets(model)), families(model.summary)));
    });
  },
};
