/* How good a model was on logins later than those it was trained on, as charts. */
import { h } from "../lib/dom.js";
import { count, percent } from "../lib/format.js";
import { lineChart } from "./curve.js";
import { emptyState } from "./load.js";
import { table } from "./table.js";

const SHARES = { low: 0, high: 1, ticks: [0, 0.25, 0.5, 0.75, 1], format: (value) => percent(value, 0) };
const FALSE_ALARMS = { label: "false alarms allowed (share of legitimate logins)", log: true, low: 0.0001, high: 1, ticks: [0.0001, 0.001, 0.01, 0.1, 1],
  format: (value) => `${+(100 * value).toPrecision(2)} %` };

const PARTS = { forest: "forest alone", isolation: "isolation alone", likelihood: "likelihood alone" };

/* The model's own curve and those of its parts: [[false alarms, recall], …], as training stored them. */
function curvesOf(summary) {
  const parts = Object.entries(PARTS).map(([part, name]) => ({ name, points: summary?.alone?.[part]?.recall_curve }));
  return [{ name: "the model", points: summary?.recall_curve }, ...parts]
    .filter(({ points }) => points?.length > 0 && points.every(([, recall]) => Number.isFinite(recall)));
}

export function recallChart(summary) {
  const lines = curvesOf(summary);
  if (lines.length === 0) {
    return emptyState("No curve is stored with this model.", "Models that ", h("code", {}, "anomaly-trainer train"), " makes now carry theirs.");
  }
  const at = (points) => points.map(([alarms, recall]) => `${percent(recall, 0)} at ${FALSE_ALARMS.format(alarms)}`).join(", ");
  return [lineChart({ title: "Recall by false alarms", lines, x: FALSE_ALARMS, y: { ...SHARES, label: "attacks found" },
    words: lines.map((line) => `${line.name}: ${at(line.points)}`).join("; ") }),
  h("details", { class: "as-table" }, h("summary", {}, "As a table"), table("Recall", [
    { label: "False alarms", lead: true, number: true, cell: ([alarms]) => FALSE_ALARMS.format(alarms) },
    ...lines.map((line, part) => ({ label: line.name, number: true, wide: part > 0, cell: (_, i) => percent(line.points[i][1]) }))], lines[0].points))];
}

export function reliabilityChart(summary) {
  const calibration = summary?.calibration;
  const bins = (calibration?.bins ?? []).filter((bin) => bin.rows > 0);
  if (bins.length === 0) return emptyState("Reliability is not stored with this model.", h("code", {}, "anomaly-trainer train"), " stores it.");
  const points = bins.map((bin) => [bin.predicted, bin.observed, `predicted ${percent(bin.predicted)}, observed ${percent(bin.observed)} of ${count(bin.rows)} rows`]);
  return [lineChart({ title: "Reliability", lines: [{ name: "observed", points, marks: true }], diagonal: true,
    x: { ...SHARES, label: "predicted risk" }, y: { ...SHARES, label: "observed attacks" }, words: `off by ${percent(calibration.error)} on average` }),
  h("details", { class: "as-table" }, h("summary", {}, "As a table"), table("Reliability", [
    { label: "Predicted", number: true, cell: (bin) => percent(bin.predicted) },
    { label: "Observed", number: true, cell: (bin) => percent(bin.observed) },
    { label: "Rows", number: true, cell: (bin) => count(bin.rows) }], bins))];
}
