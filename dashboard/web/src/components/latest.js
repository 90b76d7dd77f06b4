/*
 * The latest logins at or above log, each in its row as it happens. latestLogins(signal) →
 * {element, reload}; the element is hidden while there is none, reload() asks for them anew.
 */
import { get } from "../lib/api.js";
import { h, refill } from "../lib/dom.js";
import { onLive } from "../lib/live.js";
import { panel } from "./layout.js";
import { loginColumns } from "./login_columns.js";
import { table, tableRow } from "./table.js";

const MOST = 5;

export function latestLogins(signal) {
  const columns = loginColumns("time", "user", "verdict", "risk", "from", "why");
  const shown = table("Latest logins at or above log", columns, [], { class: "table cards" });
  const [rows] = shown.tBodies;
  const element = panel("As it happens", { note: `the latest ${MOST} at or above log`, class: "span-all" }, shown,
    h("p", { class: "more-link" }, h("a", { href: "/logins?verdict=log" }, "All of them")));

  function rowOf(login) {
    const row = tableRow(columns, login);
    row.dataset.id = login.id;
    return row;
  }

  function arrive(login) {
    const known = [...rows.children].find((row) => row.dataset.id === login.id);
    const row = rowOf(login);
    if (known) {
      /* Where somebody is, nothing is taken away; the next reload brings it. */
      if (!known.contains(document.activeElement)) known.replaceWith(row);
      return;
    }
    row.classList.add("arrived");
    row.addEventListener("animationend", () => row.classList.remove("arrived"));
    rows.prepend(row);
    while (rows.children.length > MOST) rows.lastChild.remove();
    element.hidden = false;
  }

  async function reload() {
    const { items } = await get("/api/logins", { verdict: "log", limit: MOST }, signal);
    refill(rows, items.map(rowOf));
    element.hidden = items.length === 0;
  }

  element.hidden = true;
  onLive("login", signal, arrive);
  return { element, reload };
}
