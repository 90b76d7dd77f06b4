/* A line that says what was done or why it was not, read out by screen readers. With an action: a button. */
import { h, refill } from "../lib/dom.js";

const SHOWN_MS = 6000;
const box = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
let timer = 0;

export function toastBox() {
  return box;
}

export function toast(words, { bad = false, action, onAction } = {}) {
  clearTimeout(timer);
  refill(box, h("div", { class: `toast${bad ? " bad" : ""}` }, h("span", {}, words),
    action && h("button", { type: "button", onclick: () => {
      refill(box);
      onAction();
    } }, action)));
  timer = setTimeout(() => refill(box), bad ? 2 * SHOWN_MS : SHOWN_MS);
}
