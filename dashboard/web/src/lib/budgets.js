/*
 * What budgets would have done to the logins of a replay: the arithmetic of the policy itself over what
 * "anomaly-trainer replay --json --worst COUNT" says of it, its member "slide". A budget is a share of
 * legitimate logins and acts through its threshold: a login whose risk reaches it gets the verdict, but
 * one that is spared gets less.
 *
 * budgets: {log, step_up, deny}; at: what thresholds() makes of them.
 */
const NEVER = 2; /* above any risk */
const NOISE = 1e-9; /* of a budget that is a step's own share */

/* What a login may come to at most, by what spares it. */
const MOST = { exempt: "log", root: "step-up", history: "step-up" };

/* R20, the preferred numbers of ISO 3: twenty to the decade, finer than a model tells budgets apart. */
const PREFERRED = [1, 1.12, 1.25, 1.4, 1.6, 1.8, 2, 2.24, 2.5, 2.8, 3.15, 3.55, 4, 4.5, 5, 5.6, 6.3, 7.1, 8, 9];
const DECADES = 6;

/* Budgets for which the model was trained have their own threshold, others that of the next step. */
export function thresholdOf(slide, budget) {
  const trained = slide.trained.find((one) => Math.fround(one.budget) === Math.fround(budget));
  if (trained) return trained.risk;
  if (budget >= 1) return 0;
  return slide.steps.find((step) => budget * (1 + NOISE) >= step.budget)?.risk ?? NEVER;
}

export function thresholds(slide, budgets) {
  const [log, stepUp, deny] = [budgets.log, budgets.step_up, budgets.deny].map((budget) => thresholdOf(slide, budget));
  return { log, stepUp, deny };
}

/* Where each of a replay's set of budgets stands: {log, step_up, deny}. */
export function budgetsOf(replayed) {
  return { log: replayed.log_budget, step_up: replayed.step_up_budget, deny: replayed.deny_budget };
}

/* The verdict on one of slide.worst, and what moved it there: {verdict, rule}; rule is null when nothing did. */
export function decide(login, at) {
  const verdict = login.risk >= at.deny ? "deny" : login.risk >= at.stepUp ? "step-up" : login.risk >= at.log ? "log" : "allow";
  const moved = login.spared === "exempt" ? verdict !== "allow" : login.spared && verdict === "deny";
  return moved ? { verdict: MOST[login.spared], rule: login.spared } : { verdict, rule: null };
}

/* How many of a kind ("logins", "legitimate", "failures", "attacks") get which verdict; of all, listed or not. */
export function tally(slide, kind, at) {
  const reaching = (risk) => slide.reached.find((one) => one.risk >= risk)?.[kind] ?? { deniable: 0, askable: 0, exempt: 0 };
  const stopping = Math.min(at.deny, at.stepUp);
  const [all, logged, stopped, denied] = [0, Math.min(stopping, at.log), stopping, at.deny].map(reaching);
  const asked = stopped.deniable + stopped.askable - denied.deniable;
  return {
    logins: all.deniable + all.askable + all.exempt,
    logged: logged.deniable + logged.askable + logged.exempt - asked - denied.deniable,
    asked,
    refused: denied.deniable,
    askedInstead: denied.askable, /* of the asked: they would have been refused */
    exempt: stopped.exempt, /* of the logged: they would have been asked or refused */
  };
}

/* How many users have a completed login that is asked or refused; no budgets: how many there are to hit. */
export function usersStopped(slide, at = { deny: 0, stepUp: 0 }) {
  const risk = Math.min(at.deny, at.stepUp);
  return slide.reached.find((one) => one.risk >= risk)?.users ?? 0;
}

/* Of the logins that are listed, riskiest first, those that are stopped, and those that an exemption spares it. */
export function hits(slide, at) {
  const stopping = Math.min(at.deny, at.stepUp);
  const reached = slide.worst.filter((login) => login.risk >= stopping).map((login) => ({ ...login, ...decide(login, at) }));
  return { stopped: reached.filter((login) => login.rule !== "exempt"), spared: reached.filter((login) => login.rule === "exempt") };
}

/* Whom those stopped: {user, asked, refused, risk of the riskiest}, the most refused and most asked first. */
export function usersOf(stopped) {
  const users = new Map();
  for (const { user, verdict, risk } of stopped) {
    const known = users.get(user) ?? { user, asked: 0, refused: 0, risk: 0 };
    known[verdict === "deny" ? "refused" : "asked"] += 1;
    known.risk = Math.max(known.risk, risk);
    users.set(user, known);
  }
  return [...users.values()].sort((a, b) => b.refused - a.refused || b.asked - a.asked || b.risk - a.risk);
}

/* Budgets to slide over, rising on a logarithmic scale: none, 1 in a million … everybody, and the given ones. */
export function stops(...given) {
  const found = new Map([0, ...given].map((budget) => [Math.fround(budget), budget]));
  for (let decade = 0; decade <= DECADES; decade++) {
    for (const number of decade < DECADES ? PREFERRED : [1]) {
      const budget = decade > 0 ? 1 / Math.round(number * 10 ** decade) : Number((1 / number).toPrecision(3));
      if (!found.has(Math.fround(budget))) found.set(Math.fround(budget), budget);
    }
  }
  return [...found.values()].sort((a, b) => a - b);
}

/* As the configuration takes it: "1/200", "0.625". */
export function budgetText(budget) {
  const oneIn = Math.round(1 / budget);
  if (oneIn >= 10 && Number.isFinite(oneIn) && Math.fround(1 / oneIn) === Math.fround(budget)) return `1/${oneIn}`;
  return budget.toFixed(15).replace(/\.?0+$/, "");
}
