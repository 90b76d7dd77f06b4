/*
 * Tables. columns: [{label, cell(row, index) → child, number, wide, lead, bare, class}]; number: right-aligned;
 * wide: left out on narrow screens. With the class "cards" rows become cards there: lead is a card's
 * first line, and bare cells say what they are without their label. The roles keep it a table for
 * screen readers when the style sheet has made blocks of it.
 */
import { h } from "../lib/dom.js";

function classes(column) {
  return [column.number && "number", column.wide && "wide", column.lead && "lead", column.class]
    .filter(Boolean).join(" ") || null;
}

export function tableRow(columns, row, index) {
  return h("tr", { role: "row" }, columns.map((column) =>
    h("td", { role: "cell", class: classes(column), "data-label": column.bare ? null : column.label }, column.cell(row, index))));
}

export function table(caption, columns, rows, properties) {
  return h("table", { class: "table", role: "table", ...properties },
    h("caption", { class: "unseen" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((column) =>
      h("th", { role: "columnheader", scope: "col", class: classes(column) }, column.label)))),
    h("tbody", { role: "rowgroup" }, rows.map((row, index) => tableRow(columns, row, index))));
}
