/*
 * Filters that live in the address bar.
 *
 * filterBar(fields, query, label) → a form. fields: [{name, label, type: "text" | "select" | "range",
 * options: [[value, words]], placeholder, wide}]; a range with `any` may have no beginning, one with
 * `open` has no end. A choice changes the address at once, a text with
 * Enter or when it is left; update(query) fills the fields from an address.
 */
import { freshId, h } from "../lib/dom.js";
import { setQuery } from "../lib/router.js";

/* Beyond so many, the rest folds away on narrow screens. */
const ALWAYS_SHOWN = 4;
const WIDE = matchMedia("(min-width: 641px)");

const RANGES = [["1h", "last hour"], ["24h", "last 24 hours"], ["7d", "last 7 days"],
  ["30d", "last 30 days"], ["90d", "last 90 days"], ["400d", "last 400 days"]];

function change(changes) {
  setQuery({ ...changes, cursor: "" });
}

function labelled(field, control) {
  const id = freshId("field");
  control.id = id;
  return h("div", { class: `field${field.wide ? " wide-field" : ""}` },
    h("label", { for: id }, field.label), control);
}

function textField(field, value) {
  const input = h("input", { type: "search", name: field.name, value: value ?? "", autocomplete: "off",
    spellcheck: "false", placeholder: field.placeholder });
  const apply = () => {
    const now = new URLSearchParams(location.search).get(field.name) ?? "";
    if (input.value.trim() !== now) change({ [field.name]: input.value.trim() });
  };
  input.addEventListener("change", apply);
  input.addEventListener("search", apply);
  return { element: labelled(field, input), fill: (text) => { input.value = text ?? ""; } };
}

function selectField(field, value) {
  const select = h("select", { name: field.name, onchange: () => change({ [field.name]: select.value }) },
    field.options.map(([key, words]) => h("option", { value: key }, words)));
  select.value = value ?? "";
  return { element: labelled(field, select), fill: (text) => { select.value = text ?? ""; } };
}

/* The moment of an <input type=datetime-local>, which is local time without a zone. */
function localInput(text) {
  const date = new Date(text ?? "");
  if (Number.isNaN(date.getTime())) return "";
  return new Date(date.getTime() - 60000 * date.getTimezoneOffset()).toISOString().slice(0, 16);
}

function rangeField(field) {
  const start = field.otherwise ?? "24h";
  const select = h("select", { name: "range" },
    (field.any ? [["", "any time"]] : []).concat(RANGES, field.open ? [] : [["custom", "from … to …"]])
      .map(([key, words]) => h("option", { value: key }, words)));
  const since = h("input", { type: "datetime-local", "aria-label": "from" });
  const until = h("input", { type: "datetime-local", "aria-label": "to" });
  const custom = h("span", { class: "range-custom" }, since, until);

  function fill(query) {
    const from = query.get("since") ?? (field.any ? "" : start);
    const spans = RANGES.some(([key]) => key === from) || from === "";
    const chosen = spans && !query.get("until");
    select.value = chosen ? from : "custom";
    custom.hidden = chosen;
    since.value = localInput(from);
    until.value = localInput(query.get("until"));
  }
  select.addEventListener("change", () => {
    custom.hidden = select.value !== "custom";
    if (select.value === "custom") since.focus();
    else change({ since: select.value === start && !field.any ? "" : select.value, until: "" });
  });
  for (const input of [since, until]) {
    input.addEventListener("change", () => change({
      since: since.value ? new Date(since.value).toISOString() : "",
      until: until.value ? new Date(until.value).toISOString() : "",
    }));
  }
  return { element: h("div", { class: "field range" }, labelled(field, select), custom), fill };
}

export function filterBar(fields, query, label) {
  const made = fields.map((field) => {
    if (field.type === "range") return { field, ...rangeField(field) };
    return { field, ...(field.type === "select" ? selectField : textField)(field, query.get(field.name)) };
  });
  const rest = made.slice(ALWAYS_SHOWN);
  const clear = h("button", { type: "button", class: "quiet", onclick: () => change(Object.fromEntries(
    fields.flatMap((field) => (field.type === "range" ? ["since", "until"] : [field.name]))
      .map((name) => [name, ""]))) }, "Clear filters");
  const bar = h("form", { class: "filters", role: "search", "aria-label": label,
    onsubmit: (event) => {
      event.preventDefault();
      document.activeElement?.blur?.();
    } }, made.slice(0, ALWAYS_SHOWN).map((one) => one.element),
    rest.length > 0 && h("details", { class: "filters-more", open: WIDE.matches || rest.some(({ field }) => query.has(field.name)) },
      h("summary", {}, "More filters"), rest.map((one) => one.element)), clear);

  bar.update = (now) => {
    for (const { field, fill } of made) fill(field.type === "range" ? now : now.get(field.name));
    clear.hidden = fields.length === 1 || !fields.some((field) => (field.type === "range"
      ? now.has("since") || now.has("until") : now.has(field.name)));
  };
  bar.update(query);
  return bar;
}

/* The fields of an address that a page's requests take, as an object. */
export function chosen(query, names) {
  return Object.fromEntries(names.filter((name) => query.get(name)).map((name) => [name, query.get(name)]));
}
