/* How logins have changed since the model was trained: what "anomaly-trainer model show --drift" says. */
import { h } from "../lib/dom.js";
import { count, counted, percent } from "../lib/format.js";
import { emptyState } from "./load.js";
import { table } from "./table.js";
import { verdictName } from "./verdict.js";

const MOST_FEATURES = 12;

function reading(words) {
  const good = words === "stable" || words === "within its budget";
  return h("span", { class: `badge ${good ? "label-legitimate" : "verdict-step-up"}` }, words);
}

function levels(of) {
  return table("Budgets as they are kept", [
    { label: "Verdict", lead: true, cell: (name) => verdictName(name.replace("_", "-")) },
    { label: "Budget", number: true, cell: (name) => percent(of[name].budget, 2) },
    { label: "Lately", number: true, cell: (name) => percent(of[name].share, 2) },
    { label: "Reading", cell: (name) => reading(of[name].reading) },
  ], Object.keys(of), { class: "table figures" });
}

export function driftPanel(drift) {
  if (!drift) return emptyState("There is nothing to compare with.", "A model that was trained here knows what logins were like then.");
  if (!drift.enough) {
    return emptyState("Too few logins since the training.",
      `${counted(drift.logins, "login")} were judged since; from ${count(drift.least_logins)} on, a change can be told from chance.`);
  }
  const changes = [...(drift.risk ? [drift.risk] : []), ...drift.features];
  const moved = changes.filter((change) => change.reading !== "stable").length;
  return h("div", { class: "stack" },
    h("p", {}, h("strong", {}, moved === 0 ? "Nothing has moved beyond chance" : `${counted(moved, "distribution")} moved`),
      ` among ${counted(drift.logins, "login")} since the training. PSI is the population stability index; below 0.1 is stable, from 0.25 changed.`),
    drift.levels && levels(drift.levels),
    table("Most changed first", [
      { label: "Feature", lead: true, cell: (change) => h("code", {}, change.name) },
      { label: "PSI", number: true, cell: (change) => change.psi.toFixed(3) },
      { label: "By chance", number: true, wide: true, cell: (change) => change.psi_by_chance.toFixed(3) },
      { label: "Missing then", number: true, wide: true, cell: (change) => percent(change.missing_then) },
      { label: "Missing now", number: true, wide: true, cell: (change) => percent(change.missing_now) },
      { label: "Reading", cell: (change) => reading(change.reading) },
    ], changes.slice(0, MOST_FEATURES), { class: "table figures" }));
}
