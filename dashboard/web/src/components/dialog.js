/* A modal dialog; closed by Escape, its button, or a click beside it. Returns the element, opened. */
import { freshId, h } from "../lib/dom.js";

export function openDialog(title, ...children) {
  const id = freshId("dialog");
  const dialog = h("dialog", { class: "dialog", "aria-labelledby": id },
    h("div", { class: "dialog-body" },
      h("div", { class: "panel-head" }, h("h2", { id }, title),
        h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, "Close")),
      children));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
