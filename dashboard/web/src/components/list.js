/*
 * A list that the service pages by cursor, with "Show more" and its exports.
 *
 * pagedList({view, path, query, caption, columns, empty, formats}) → element. query: parameters for path;
 * empty: what to show when nothing matches; formats: of its exports, otherwise all.
 * exportLinks(path, query, formats) → the exports alone, for lists that are shown in another way.
 */
import { address, get } from "../lib/api.js";
import { h, refill } from "../lib/dom.js";
import { counted } from "../lib/format.js";
import { load } from "./load.js";
import { table, tableRow } from "./table.js";

export function exportLinks(path, { limit: _limit, ...query } = {}, formats = ["csv", "ecs"]) {
  return h("p", { class: "exports" }, "Download all:",
    formats.map((format) => h("a", {
      href: address(path, { ...query, format }), download: "",
    }, format === "csv" ? "CSV" : "ECS (JSON lines)")));
}

export function pagedList({ view, path, query, caption, columns, empty, formats }) {
  const root = h("section", { class: "list", "aria-label": caption });
  const status = h("p", { class: "unseen", role: "status" });

  async function more(button, body, cursor) {
    button.disabled = true;
    try {
      const next = await get(path, { ...query, cursor }, view.signal);
      body.append(...next.items.map((row) => tableRow(columns, row)));
      refill(status, `${counted(next.items.length, "row")} more`);
      button.replaceWith(...[moreButton(body, next.next)].filter(Boolean));
    } catch (error) {
      if (error.name === "AbortError") return;
      button.disabled = false;
      refill(button, `${error.message} Try again`);
    }
  }

  function moreButton(body, cursor) {
    if (!cursor) return null;
    const button = h("button", { type: "button", class: "more",
      onclick: () => more(button, body, cursor) }, "Show more");
    return button;
  }

  load(root, view.signal, () => get(path, query, view.signal), (page) => {
    if (page.items.length === 0) return empty();
    const shown = table(caption, columns, page.items, { class: "table cards" });
    return [shown, h("div", { class: "list-foot" }, moreButton(shown.tBodies[0], page.next),
      exportLinks(path, query, formats)), status];
  });
  return root;
}
