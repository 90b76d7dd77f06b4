/*
 * A table of anything, judged by a model of its like: the choice of the model, and what was found. The
 * cells are whatever the file holds; they are shown, never interpreted.
 */
import { get } from "../lib/api.js";
import { freshId, h, refill } from "../lib/dom.js";
import { bytes, count, counted, moment, NONE, percent, risk } from "../lib/format.js";
import { facts, panel } from "./layout.js";
import { pagedList } from "./list.js";
import { emptyState, load } from "./load.js";
import { table } from "./table.js";

export const TABLE = "table";
const MOST_NAMES = 12;

function names(list) {
  const shown = list.slice(0, MOST_NAMES).flatMap((name, i) => [i > 0 && ", ", h("code", {}, name)]);
  return [shown, list.length > MOST_NAMES && ` and ${count(list.length - MOST_NAMES)} more`];
}

/* ---- the choice of a model ---- */

function howToMakeOne(directory) {
  return emptyState("No model of a table is here yet.",
    "Make one of rows that you know, as an administrator: ",
    h("code", {}, `anomaly-trainer table --train connections.csv --label attack --model forest --save ${directory}/connections.model`),
    ". Without labels, leave ", h("code", {}, "--label"), " out and take ", h("code", {}, "--model isolation"), ".");
}

function describe(model) {
  return [`${model.learner} of ${counted(model.rows, "row")}, trained `, moment(model.trained, { relative: true }),
    model.auc !== null && `, AUC ${model.auc.toFixed(3)}`, ". Columns: ", names(model.columns.map((column) => column.name)), "."];
}

function choice({ directory, message, items }) {
  const sound = items.filter((model) => !model.message);
  const damaged = items.filter((model) => model.message);
  const trouble = [message && h("p", { class: "sub" }, message), damaged.map((model) => h("p", { class: "sub" }, model.message))];
  if (sound.length === 0) return [trouble, howToMakeOne(directory)];
  const about = h("span", { class: "sub", "aria-live": "polite" });
  const select = h("select", { name: "model", id: freshId("model"), required: true },
    sound.map(({ name }) => h("option", { value: name }, name)));
  const show = () => refill(about, describe(sound.find(({ name }) => name === select.value)));
  select.addEventListener("change", show);
  show();
  return [h("div", { class: "field" }, h("label", { for: select.id }, "Model"), select, about), trouble];
}

/* Where a model is chosen; {element, value()}: its name, "" when there is none. */
export function modelChoice(signal) {
  const element = h("div", { class: "table-model" });
  load(element, signal, () => get("/api/analyse/models", null, signal), choice);
  return { element, value: () => element.querySelector("select")?.value ?? "" };
}

/* ---- what was found ---- */

function scoreMeter({ score }) {
  if (score === null) return h("span", { class: "muted" }, NONE);
  return h("span", { class: "risk" }, h("span", { class: "risk-number" }, risk(score)),
    h("span", { class: "risk-bar", "aria-hidden": "true" },
      h("span", { class: "fill", style: { width: `${100 * Math.min(1, score)}%` } })));
}

/* "99.98 %": as many digits as tell it from 100 %. */
function higherThan({ share_above: above }) {
  if (above === null) return NONE;
  if (above === 0) return "all of them";
  const digits = Math.min(4, Math.max(1, Math.ceil(-Math.log10(above)) - 1));
  return `${(100 * (1 - above)).toFixed(digits)} %`;
}

function cellList(columns) {
  return ({ cells }) => h("span", { class: "cells" }, cells.map((cell, i) =>
    h("span", { class: "cell" }, h("span", { class: "muted" }, columns[i] ?? count(i + 1)), " ", cell === "" ? NONE : cell)));
}

const COLUMNS = [
  { label: "Row", lead: true, cell: ({ row }) => count(row) },
  { label: "Score", number: true, bare: true, cell: scoreMeter },
  { label: "Higher than", number: true, cell: higherThan },
  { label: "Why", class: "why whole", bare: true, cell: ({ reasons }) => reasons || NONE },
];

function holds({ received_bytes, model, result }) {
  return facts([["Read", bytes(received_bytes)], ["Rows", count(result.rows)],
    ["Stand out", `${count(result.outliers)} (${percent(result.rows > 0 ? result.outliers / result.rows : null, 2)})`],
    ["Model", [model, h("span", { class: "sub" }, ` ${result.learner} of ${counted(result.trained_rows, "row")}, trained `, moment(result.trained))]],
    ["AUC", result.auc !== null && `${result.auc.toFixed(4)} on ${counted(result.labelled, "labelled row")}`],
    ["Average precision", result.average_precision !== null && result.average_precision.toFixed(4)]]);
}

/* What of the table was not as the model knows it, each in a sentence. */
function differences(result) {
  const words = [
    result.missing_columns.length > 0 && ["The table lacks columns that the model learned from; they count as missing: ", names(result.missing_columns), "."],
    result.unknown_columns.length > 0 && ["The model does not know these columns; they were not looked at: ", names(result.unknown_columns), "."],
    result.unread_rows > 0 && [`${counted(result.unread_rows, "row has", "rows have")} another number of cells than the header and got no score; the first is row ${count(result.unread[0].row)}.`],
    result.unread_numbers > 0 && [`${counted(result.unread_numbers, "cell is no number, as its column's were, and counts", "cells are no numbers, as their columns' were, and count")} as missing.`],
    result.unknown_words > 0 && [`${counted(result.unknown_words, "cell holds a word", "cells hold words")} that the model never learned.`],
  ].filter(Boolean);
  return words.length > 0 && h("div", { class: "notice" }, words.map((sentence) => h("p", {}, sentence)));
}

function tails(result) {
  return table("How the scores lie", [
    { label: "Scores reached by", lead: true, cell: ({ share }) => `${+(100 * share).toPrecision(3)} % of the training rows` },
    { label: "Rows here", number: true, cell: ({ rows }) => count(rows) },
    { label: "Share here", number: true, cell: ({ rows }) => percent(result.rows > 0 ? rows / result.rows : null, 2) },
  ], result.tails, { class: "table figures" });
}

/* actions: what can be done with the analysis. */
export function tableFinished(view, id, job, actions) {
  const path = `/api/analyse/${id}/rows`;
  const { result } = job;
  return h("div", { class: "stack" },
    panel("What the file holds", {}, holds(job), actions),
    differences(result),
    panel("How the scores lie", { note: "beside those of the rows that the model was trained on" }, tails(result)),
    panel("Highest scores", { note: "“higher than” is of the rows that the model was trained on" }, pagedList({ view, path, query: { order: "worst" }, caption: "Rows with the highest scores", formats: ["csv"],
      columns: [...COLUMNS, { label: "Cells", bare: true, class: "whole", cell: cellList(result.columns) }],
      empty: () => h("p", { class: "muted" }, "The file has no row that could be read.") })),
    panel("All rows", { note: "in the order of the file" }, pagedList({ view, path, query: {}, caption: "Rows of the file", columns: COLUMNS, formats: ["csv"],
      empty: () => h("p", { class: "muted" }, "The file has no row.") })));
}
