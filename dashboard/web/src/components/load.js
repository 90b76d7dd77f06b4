/*
 * Shows what a request brings, and what to do when it brings none.
 *
 * load(target, signal, fetch, render): awaits fetch(), then fills target with render(result). What was
 * there stays, marked busy, until the new arrives. What does not exist is said; any other failure becomes
 * a box with the service's sentence and a button that tries again. Returns a promise of the result, or of null.
 */
import { h, refill } from "../lib/dom.js";

const PATIENCE_MS = 250;

/* What each target waits for: an answer that comes after a later question is of no interest any more. */
const latest = new WeakMap();

export function problemBox(error, again) {
  return h("div", { class: "problem", role: "alert" },
    h("p", {}, h("strong", {}, "This could not be loaded. "), error.message),
    again && h("button", { type: "button", onclick: again }, "Try again"));
}

export async function load(target, signal, fetch, render) {
  const asked = {};
  const current = () => !signal.aborted && latest.get(target) === asked;
  latest.set(target, asked);
  target.setAttribute("aria-busy", "true");
  const timer = setTimeout(() => {
    if (!target.hasChildNodes()) refill(target, h("p", { class: "loading" }, "Loading…"));
  }, PATIENCE_MS);
  try {
    const result = await fetch();
    if (!current()) return null;
    refill(target, render(result));
    return result;
  } catch (error) {
    if (error.name !== "AbortError" && current()) {
      if (error.status === undefined) console.error(error);
      refill(target, error.status === 404
        ? emptyState(error.message, "Perhaps it never was; what is older than the store keeps is forgotten.")
        : problemBox(error, () => load(target, signal, fetch, render)));
    }
    return null;
  } finally {
    clearTimeout(timer);
    if (latest.get(target) === asked) target.removeAttribute("aria-busy");
  }
}

/* Nothing to show: what that means and what to do next. */
export function emptyState(title, ...words) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), h("p", {}, words));
}
