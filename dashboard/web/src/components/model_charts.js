/* How good a model was on logins later than those it was trained on, as charts. */
import { h } from "../lib/dom.js";
import { count, percent } from "../lib/format.js";
import { lineChart } from "./curve.js";
import { emptyState } from "./load.js";
import { table } from "./table.js";

const SHARES = { low: 0, high: 1, ticks: [0, 0.25, 0.5, 0.75, 1], format: (value) => percent(value, 0) };
const FALSE_ALARMS = { label: "false alarms allowed (share of legitimate logins)", log: true, low: 0.0001, high: 1, ticks: [0.0001, 0.001, 0.01, 0.1, 1],
  format: (value) => `${100 * value} %` };

/* {name: [{false_alarms, recall}]} or [{name, points: [[false alarms, recall]]}] */
function curvesOf(evaluation) {
  const curves = evaluation?.curves ?? evaluation?.recall_curves;
  if (!curves) return [];
  const list = Array.isArray(curves) ? curves : Object.entries(curves).map(([name, points]) => ({ name, points }));
  return list.map(({ name, points }) => ({ name, points: points
    .map((point) => (Array.isArray(point) ? point : [point.false_alarms ?? point.fpr, point.recall]))
    .filter(([alarms]) => alarms >= FALSE_ALARMS.low) }));
}

export function recallChart(evaluation, model) {
  const lines = curvesOf(evaluation);
  if (lines.length === 0) {
    const recall = model.summary?.recall_at_1pct;
    return emptyState("No curve is stored with this model.", recall === undefined ? "" : `At 1 % false alarms it found ${percent(recall)} of the held-out attacks. `,
      h("code", {}, "anomaly-trainer train"), " stores curves beside the model it makes.");
  }
  return lineChart({ title: "Recall by false alarms", lines, x: FALSE_ALARMS, y: { ...SHARES, label: "attacks found" },
    words: lines.map((line) => `${line.name}: ${percent(line.points.at(-1)?.[1])}`).join(", ") });
}

export function reliabilityChart(evaluation, model) {
  const calibration = evaluation?.calibration ?? model.summary?.calibration;
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
