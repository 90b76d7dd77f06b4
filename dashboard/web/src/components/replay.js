/*
 * A replay of past logins under any budgets: sliders for step up and deny, and whom they hit. result:
 * what "anomaly-trainer replay --json --worst COUNT" says; its first budgets are the configured ones.
 */
import { budgetsOf, budgetText, hits, stops, tally, thresholds, usersOf, usersStopped } from "../lib/budgets.js";
import { freshId, h, refill } from "../lib/dom.js";
import { count, counted, percent, risk } from "../lib/format.js";
import { userLink } from "./layout.js";
import { emptyState } from "./load.js";
import { LOGIN_COLUMNS, loginColumns } from "./login_columns.js";
import { table, tableRow } from "./table.js";
import { riskMeter, verdictName } from "./verdict.js";

const KINDS = [["logins", "Completed logins"], ["failures", "Failed attempts"], ["attacks", "Labelled attacks"]];
const USERS_SHOWN = 10;
const LOGINS_SHOWN = 25;
const TICKS = [[0, "none"], [1e-5, "1/100k"], [1e-4, "1/10k"], [1e-3, "1/1k"], [1e-2, "1/100"], [1e-1, "1/10"], [1, "all"]];
const INSTEAD = { root: "asked, as root is never refused", history: "asked, as the history is short", exempt: "exempt" };

function share(part, whole) {
  return h("span", {}, count(part), whole > 0 && h("span", { class: "sub" }, percent(part / whole, 2)));
}

function budgetWords(budget) {
  if (!(budget > 0)) return "none";
  if (budget >= 1) return "all";
  const exact = percent(budget, Math.max(0, Math.min(4, 1 - Math.floor(Math.log10(100 * budget)))));
  return budget > 0.1 ? exact : `1 in ${count(1 / budget)} (${exact})`;
}

/* One budget's slider: {root, set(budget, its threshold)}; changed(budget) is called when it is moved. */
function budgetSlider(verdict, label, option, positions, changed) {
  const [id, said, line] = [freshId("budget"), h("p", {}), h("code", {})];
  const slider = h("input", { type: "range", id, min: "0", max: String(positions.length - 1), step: "1",
    oninput: () => changed(positions[Number(slider.value)]) });
  const left = (budget) => `${(100 * positions.findIndex((one) => one >= budget)) / (positions.length - 1)}%`;
  return {
    root: h("div", { class: "slider" },
      h("div", { class: "slider-head" }, verdictName(verdict), h("label", { for: id }, label), line), said, slider,
      h("div", { class: "slider-ticks", "aria-hidden": "true" }, TICKS.map(([budget, words]) => h("span", { style: { left: left(budget) } }, words)))),
    set(budget, from) {
      const words = budgetWords(budget);
      slider.value = String(positions.findIndex((one) => Math.fround(one) === Math.fround(budget)));
      slider.setAttribute("aria-valuetext", words);
      refill(line, `${option} = ${budgetText(budget)}`);
      refill(said, h("strong", {}, words), h("span", { class: "muted" }, from > 1 ? ": no risk is enough" : ` of legitimate logins: risk from ${risk(from)}`));
    },
  };
}

function counts(slide, at) {
  const rows = KINDS.map(([kind, words]) => ({ words, ...tally(slide, kind, at) })).filter((row, i) => i === 0 || row.logins > 0);
  return table("What would have been done", [
    { label: "Of", lead: true, cell: (row) => [row.words, h("span", { class: "sub" }, `${count(row.logins)} in all`)] },
    { label: "Logged", number: true, cell: (row) => share(row.logged, row.logins) },
    { label: "Asked", number: true, cell: (row) => share(row.asked, row.logins) },
    { label: "Refused", number: true, cell: (row) => share(row.refused, row.logins) },
  ], rows, { class: "table figures" });
}

/* A table of the first rows, and a button for as many more again. */
function firstRows(caption, columns, rows, shown, look = "cards") {
  const list = table(caption, columns, rows.slice(0, shown), { class: `table ${look}` });
  const more = h("button", { type: "button", class: "more", onclick: () => {
    const from = list.tBodies[0].rows.length;
    list.tBodies[0].append(...rows.slice(from, from + 4 * shown).map((row) => tableRow(columns, row)));
    if (list.tBodies[0].rows.length === rows.length) more.remove();
  } }, "Show more");
  return [list, rows.length > shown && h("div", { class: "list-foot" }, more)];
}

const USER_COLUMNS = [
  { label: "User", lead: true, cell: (row) => userLink(row.user) },
  { label: "Asked", number: true, cell: (row) => count(row.asked) },
  { label: "Refused", number: true, cell: (row) => count(row.refused) },
  { label: "Riskiest", number: true, cell: (row) => risk(row.risk) },
];
const WOULD = { label: "Would be", bare: true, cell: (login) => [verdictName(login.verdict),
  login.rule && h("span", { class: "sub" }, INSTEAD[login.rule])] };
const COLUMNS = [...loginColumns("time", "user"), WOULD, { ...LOGIN_COLUMNS.risk, cell: riskMeter }, ...loginColumns("from", "why")];

function whom(slide, at, all) {
  const { stopped, spared } = hits(slide, at);
  const stoppedInAll = all.asked + all.refused;
  const cut = stopped.length < stoppedInAll || spared.length < all.exempt;
  return [
    cut && h("p", { class: "notice" }, `The lists are cut: they go by the ${count(slide.worst.length)} riskiest logins, `,
      `${count(stopped.length)} of the ${count(stoppedInAll)} that these budgets stop. The counts above are of all.`),
    stopped.length === 0 && h("p", { class: "muted" }, "Nobody's completed login would have been stopped."),
    stopped.length > 0 && [h("h3", {}, "Users"), firstRows("Users stopped", USER_COLUMNS, usersOf(stopped), USERS_SHOWN, "figures"),
      h("h3", {}, "Logins, the riskiest first"), firstRows("Logins stopped", COLUMNS, stopped, LOGINS_SHOWN)],
    spared.length > 0 && h("details", {}, h("summary", {}, `${counted(spared.length, "login")} spared by an exemption`),
      firstRows("Logins spared", COLUMNS, spared, LOGINS_SHOWN)),
  ];
}

function summary(all, users, everybody) {
  const of = all.logins;
  return [h("strong", {}, `${count(all.asked)} asked, ${count(all.refused)} refused`),
    ` of ${counted(of, "completed login")} (${percent((all.asked + all.refused) / of, 2)}), ${count(all.logged)} logged; ${count(users)} of ${counted(everybody, "user")} hit`,
    all.askedInstead > 0 && `; ${count(all.askedInstead)} asked instead of refused, being root or new`];
}

export function replayPanel(result) {
  if (!result?.slide || !result.logins) {
    return emptyState("There is no login to replay.", "It goes by the completed logins of that time; choose a longer one with ?since=90d in the address.");
  }
  const { slide } = result;
  const configured = budgetsOf(result.budgets[0]);
  const positions = stops(configured.step_up, configured.deny);
  const budgets = { ...configured };
  const [said, below] = [h("output", { class: "slider-said" }), h("div", { class: "stack" })];
  const reset = h("button", { type: "button", onclick: () => show(configured) }, "As configured");
  const stepUp = budgetSlider("step-up", "budget for asking", "step_up_budget", positions, (budget) => show({ step_up: budget }));
  const deny = budgetSlider("deny", "budget for refusing", "deny_budget", positions, (budget) => show({ deny: budget }));
  function show(changed) {
    Object.assign(budgets, changed);
    const at = thresholds(slide, budgets);
    const all = tally(slide, "logins", at);
    stepUp.set(budgets.step_up, at.stepUp);
    deny.set(budgets.deny, at.deny);
    reset.disabled = budgets.step_up === configured.step_up && budgets.deny === configured.deny;
    refill(said, summary(all, usersStopped(slide, at), usersStopped(slide)));
    refill(below, counts(slide, at), whom(slide, at, all));
  }
  show(configured);
  return h("div", { class: "stack" },
    h("div", { class: "sliders" }, stepUp.root, deny.root), h("div", { class: "slider-foot" }, said, reset), below);
}
