/*
 * Addresses and pages. The address bar holds which page is open and all its filters; going back goes
 * back.
 *
 * A page is {title(params), show(view)}. show() fills view.root and may return a function that is
 * called with the new URLSearchParams when only the query changes; without one the page is shown anew.
 * view: {root, params, query, signal}; the signal aborts when the page is left.
 */
import { h, refill } from "./dom.js";

let table = [];
let outlet = null;
let open = null; /* {page, path, update, abort} */
let changed = () => {};

function match(path) {
  const parts = path.replace(/\/+$/, "").split("/");
  for (const { pattern, page } of table) {
    const wanted = pattern === "/" ? [""] : pattern.split("/");
    if (wanted.length !== parts.length) continue;
    const params = {};
    const fits = wanted.every((part, i) => {
      if (!part.startsWith("{")) return part === parts[i];
      params[part.slice(1, -1)] = decoded(parts[i]);
      return parts[i] !== "";
    });
    if (fits) return { page, params };
  }
  return null;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; /* a stray percent sign stands for itself */
  }
}

async function show(focus) {
  const path = location.pathname;
  const query = new URLSearchParams(location.search);
  const found = match(path);
  changed(path);
  if (open?.path === path && open.update) {
    open.update(query);
    return;
  }
  open?.abort.abort();
  const abort = new AbortController();
  const here = { path, abort, update: null };
  open = here;
  const root = h("div", { class: "page" });
  refill(outlet, root);
  if (!found) {
    document.title = "No such page · pam_anomaly";
    root.append(h("h1", { tabindex: "-1" }, "No such page"),
      h("p", {}, "Nothing is at this address. ", h("a", { href: "/" }, "Go to the overview")));
    return;
  }
  document.title = `${found.page.title(found.params)} · pam_anomaly`;
  const update = found.page.show({ root, params: found.params, query, signal: abort.signal });
  here.update = typeof update === "function" ? update : null;
  if (focus) {
    scrollTo(0, 0);
    root.querySelector("h1")?.focus({ preventScroll: true });
  }
}

/* Opens an address of ours; replace: the one before is not gone back to. */
export function navigate(to, { replace = false } = {}) {
  const other = new URL(to, location.href).pathname !== location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  show(other);
}

/* Changes some parameters of this page's address; "" or null takes one away. */
export function setQuery(changes, options) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === "" || value === null || value === undefined) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  navigate(text ? `${location.pathname}?${text}` : location.pathname, options);
}

/* Shows this address from the start, as after signing in. */
export function reload() {
  open?.abort.abort();
  open = null;
  return show(false);
}

/* Leaves whatever page is open, so that something else can use the outlet. */
export function leave() {
  open?.abort.abort();
  open = null;
}

function ours(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0) return null;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  if (link.target || link.hasAttribute("download") || link.origin !== location.origin) return null;
  if (link.pathname.startsWith("/api/") || link.hash) return null;
  return link;
}

/* routes: [{pattern, page}]; onChange(path) is told before a page is shown. */
export function startRouter(routes, element, onChange) {
  table = routes;
  outlet = element;
  changed = onChange;
  document.addEventListener("click", (event) => {
    const link = ours(event);
    if (!link) return;
    event.preventDefault();
    navigate(link.href);
  });
  addEventListener("popstate", () => show(false));
}
