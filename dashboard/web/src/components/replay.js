/*
 * A replay of past logins under several budgets: a slider moves between them. result: what
 * "anomaly-trainer replay --json" says; budgets[] holds the counts of each, the first as configured.
 */
import { freshId, h, refill } from "../lib/dom.js";
import { count, percent } from "../lib/format.js";
import { userLink } from "./layout.js";
import { emptyState } from "./load.js";
import { loginColumns } from "./login_columns.js";
import { table } from "./table.js";
import { verdictName } from "./verdict.js";

const KINDS = [["failures", "Failed attempts"], ["attacks", "Labelled attacks"]];
const MOST_SHOWN = 100;

function share(part, whole) {
  return h("span", {}, count(part), whole > 0 && h("span", { class: "sub" }, percent(part / whole, 2)));
}

function counts(budget) {
  const rows = [{ ...budget, words: "Completed logins" },
    ...KINDS.filter(([field]) => budget[field]?.logins > 0).map(([field, words]) => ({ ...budget[field], words }))];
  return table("What would have been done", [
    { label: "Of", lead: true, cell: (row) => [row.words, h("span", { class: "sub" }, `${count(row.logins)} in all`)] },
    { label: "Logged", number: true, cell: (row) => share(row.would_log, row.logins) },
    { label: "Asked", number: true, cell: (row) => share(row.would_step_up, row.logins) },
    { label: "Refused", number: true, cell: (row) => share(row.would_deny, row.logins) },
  ], rows, { class: "table figures" });
}

function users(budget) {
  const names = budget.stopped_users;
  if (names.length === 0) return h("p", { class: "muted" }, "Nobody's completed login would have been stopped.");
  return h("p", {}, h("strong", {}, "Users: "), names.slice(0, MOST_SHOWN).map((name, i) => [i > 0 && ", ", userLink(name)]),
    names.length > MOST_SHOWN && ` and ${count(names.length - MOST_SHOWN)} more`);
}

/* One by one only for the budgets as they are configured. */
function stopped(result) {
  if (result.stopped.length === 0) return null;
  return [h("h3", {}, "Logins that the configured budgets would have stopped"), table("Stopped logins",
    loginColumns("time", "user", "verdict", "risk", "from", "why"), result.stopped.slice(0, MOST_SHOWN), { class: "table cards" }),
  result.stopped.length > MOST_SHOWN && h("p", { class: "muted" }, `The newest ${MOST_SHOWN} are shown.`)];
}

function shares(budget) {
  return h("ul", { class: "budget-shares" }, [["log", budget.log_budget], ["step-up", budget.step_up_budget], ["deny", budget.deny_budget]]
    .map(([name, value]) => h("li", {}, verdictName(name), " 1 in ", count(value > 0 ? 1 / value : null))));
}

export function replayPanel(result) {
  if (!result?.budgets?.length || !result.logins) {
    return emptyState("There is no login to replay.", "It goes by the completed logins of that time; choose a longer one with ?since=90d in the address.");
  }
  const budgets = [...result.budgets].sort((a, b) => a.step_up_budget - b.step_up_budget);
  const configured = budgets.indexOf(result.budgets[0]);
  const [id, below, said] = [freshId("budget"), h("div", { class: "stack" }), h("output", {})];
  const slider = h("input", { type: "range", id, min: "0", max: String(budgets.length - 1), step: "1", value: String(configured) });
  function show() {
    const budget = budgets[Number(slider.value)];
    const words = `${budget.name}: ${count(budget.would_step_up)} asked, ${count(budget.would_deny)} refused of ${count(budget.logins)} completed logins; ${count(budget.users_stopped)} users`;
    slider.setAttribute("aria-valuetext", words);
    refill(said, h("strong", {}, words));
    refill(below, shares(budget), counts(budget), users(budget), budget === result.budgets[0] && stopped(result));
  }
  slider.addEventListener("input", show);
  show();
  return h("div", { class: "stack" },
    h("div", { class: "slider" }, h("label", { for: id }, "Budgets, from strict on false alarms to generous"), slider, said), below);
}
