/* The parts that pages are put together from: a heading, panels, lists of facts, tiles. */
import { freshId, h } from "../lib/dom.js";

export function pageHead(title, ...aside) {
  return h("header", { class: "page-head" }, h("h1", { tabindex: "-1" }, title),
    aside.length > 0 && h("div", { class: "page-aside" }, aside));
}

/* A panel with a heading of its own; properties.note: a line beside the heading. */
export function panel(title, { note, class: more, level = 2 } = {}, ...children) {
  const id = freshId("panel");
  return h("section", { class: `panel${more ? ` ${more}` : ""}`, "aria-labelledby": id },
    h("div", { class: "panel-head" }, h(`h${level}`, { id }, title), note && h("span", { class: "note" }, note)),
    children);
}

/* Names and values; rows whose value is empty are left out. */
export function facts(rows) {
  return h("dl", { class: "facts" }, rows
    .filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false)
    .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

export function userLink(name) {
  return h("a", { href: `/user/${encodeURIComponent(name)}` }, name);
}

/* Only a long address, one of IPv6, may be broken into lines. */
export function addressClass(ip) {
  return ip.includes(":") ? "mono" : "mono unbroken";
}

export function sourceLink(ip) {
  return ip ? h("a", { class: addressClass(ip), href: `/source/${encodeURIComponent(ip)}` }, ip)
    : h("span", { class: "muted" }, "console");
}
