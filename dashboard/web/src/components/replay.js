/*
 * A replay of past logins under several budgets: a slider moves between them. result: what
 * "anomaly-trainer replay --json" says; budgets[] holds the counts of each, the first as configured.
 */
import { freshId, h, refill } from "../lib/dom.js";
import { count, percent } from "../lib/format.js";
import { emptyState } from "./load.js";
import { loginColumns } from "./login_columns.js";
import { table } from "./table.js";
import { verdictName } from "./verdict.js";

const KINDS = [["legitimate", "Legitimate logins"], ["failures", "Failed attempts"], ["attacks", "Labelled attacks"]];
const MOST_SHOWN = 100;

function share(part, whole) {
  return h("span", {}, count(part), whole > 0 && h("span", { class: "sub" }, percent(part / whole, 2)));
}

function counts(budget) {
  const rows = KINDS.filter(([field]) => budget[field]?.logins > 0).map(([field, words]) => ({ words, ...budget[field] }));
  return table("What would have been done", [
    { label: "Of", lead: true, cell: (row) => [row.words, h("span", { class: "sub" }, `${count(row.logins)} in all`)] },
    { label: "Logged", number: true, cell: (row) => share(row.would_log, row.logins) },
    { label: "Asked for a second factor", number: true, cell: (row) => share(row.would_step_up, row.logins) },
    { label: "Refused", number: true, cell: (row) => share(row.would_deny, row.logins) },
  ], rows, { class: "table figures" });
}

/* Those it would stop, by their risk, when the budget's thresholds are known; as configured otherwise. */
function hit(result, budget) {
  const at = budget.thresholds;
  if (!at) return budget === result.budgets[0] ? result.stopped : null;
  return result.stopped.filter((login) => login.risk >= at.step_up)
    .map((login) => ({ ...login, verdict: login.risk >= at.deny && login.rule === "none" ? "deny" : "step-up" }));
}

function whom(result, budget) {
  const logins = hit(result, budget);
  if (logins === null) return h("p", { class: "muted" }, "The logins below are named for the configured budgets.");
  if (logins.length === 0) return h("p", { class: "muted" }, "Nobody legitimate would have been stopped.");
  return [h("h3", {}, "Whom it would have stopped"), table("Whom it would have stopped",
    loginColumns("time", "user", "verdict", "risk", "from", "why"), logins.slice(0, MOST_SHOWN), { class: "table cards" }), logins.length > MOST_SHOWN && h("p", { class: "muted" }, `The newest ${MOST_SHOWN} of ${count(logins.length)} are shown.`)];
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
    const words = `${budget.name}: ${count(budget.would_step_up)} asked, ${count(budget.would_deny)} refused of ${count(budget.logins)} legitimate logins; ${count(budget.users_stopped)} users`;
    slider.setAttribute("aria-valuetext", words);
    refill(said, h("strong", {}, words));
    refill(below, shares(budget), counts(budget), whom(result, budget));
  }
  slider.addEventListener("input", show);
  show();
  return h("div", { class: "stack" },
    h("div", { class: "slider" }, h("label", { for: id }, "Budgets, from strict on false alarms to generous"), slider, said), below);
}
