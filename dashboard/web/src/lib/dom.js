/*
 * Elements from data. Nothing here, or anywhere in these pages, turns text into markup: whatever a
 * log or a user name holds arrives as a text node.
 *
 * h(tag, properties, …children): an HTML element; s(): the same of SVG. A property that is a function
 * and begins with "on" is a listener; style and dataset are objects; null, undefined and false leave an
 * attribute out. Children are nodes, texts, numbers, or arrays of them; null and false are skipped.
 */
const SVG = "http://www.w3.org/2000/svg";
const AS_PROPERTY = new Set(["value", "checked", "selected", "disabled", "indeterminate", "open"]);

function set(element, name, value) {
  if (typeof value === "function") element.addEventListener(name.slice(2), value);
  else if (name === "style") Object.assign(element.style, value);
  else if (name === "dataset") Object.assign(element.dataset, value);
  else if (AS_PROPERTY.has(name)) element[name] = value;
  else if (value === true) element.setAttribute(name, "");
  else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
}

function make(element, properties, children) {
  element.append(...nodes(children));
  for (const [name, value] of Object.entries(properties ?? {})) set(element, name, value);
  return element;
}

function nodes(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}

export function h(tag, properties, ...children) {
  return make(document.createElement(tag), properties, children);
}

export function s(tag, properties, ...children) {
  return make(document.createElementNS(SVG, tag), properties, children);
}

/* Children instead of those that were there. */
export function refill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

let lastId = 0;

/* An id that no other element has. */
export function freshId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}
