/* The page's arithmetic of budgets against what the policy itself makes of them: anomaly-trainer replay --budget. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { budgetsOf, budgetText, decide, hits, stops, tally, thresholds, usersOf, usersStopped } from "../../../dashboard/web/src/lib/budgets.js";

const TRAINER = process.env.PAM_ANOMALY_TRAINER;
const AT_A_TIME = 7; /* that --budget takes */
const KINDS = ["logins", "legitimate", "failures", "attacks"];

/* As configured, on and beside the budgets that a model is trained for, its steps, none, all, and refusing before asking. */
const TRIED = [[0, 0], [1, 1], [0.005, 1e-4], [0.00500001, 1.00001e-4], [0.004999, 9.9999e-5], [0.01, 0.02], [1e-6, 1e-6], [9e-7, 0.3],
  [0.5, 0], [0, 0.5], [0.9999999999, 1e-3], [0.06, 0.06], [0.1, 0.01], [0.0125, 0.0031]];

/* exempted: who is, by name and by network. */
const CONFIGURATIONS = [
  { name: "as usual", lines: () => [] },
  { name: "with exemptions, root refused, newcomers too", lines: (users) => ["deny_root = yes", "min_history = 0", `exempt_users = ${users[0]}`, "exempt_networks = 10.0.0.0/8"] },
  { name: "with a long history wanted", lines: (users) => ["min_history = 60", `exempt_users = ${users[1]},${users[2]}`, "log_budget = 1/10"] },
];

let root;
let users;

function trainer(...words) {
  return execFileSync(TRAINER, words, { encoding: "utf8", maxBuffer: 1 << 28 });
}

function configure(lines) {
  const config = path.join(root, "pam_anomaly.conf");
  writeFileSync(config, [`store = ${root}/store`, "geo = none", "model = builtin", `exemptions = ${root}/none`, ...lines, ""].join("\n"), { mode: 0o600 });
  return config;
}

function replay(config, ...words) {
  return JSON.parse(trainer("replay", "--json", "--since", "2000-01-01", "--config", config, ...words));
}

before(() => {
  root = mkdtempSync(path.join(tmpdir(), "anomaly-budgets-"));
  mkdirSync(path.join(root, "store"), { mode: 0o700 });
  const history = path.join(root, "history.csv");
  writeFileSync(history, trainer("simulate", "--users", "30", "--days", "40", "--seed", "11"));
  trainer("import", "--format", "csv", history, "--config", configure([]));
  users = replay(configure([])).users.map(({ user }) => user).filter((name) => name !== "root");
});

after(() => rmSync(root, { recursive: true, force: true }));

function counted({ logins, logged, asked, refused }) {
  return { logins, would_log: logged, would_step_up: asked, would_deny: refused };
}

function said({ logins, would_log, would_step_up, would_deny }) {
  return { logins, would_log, would_step_up, would_deny };
}

/* tried: one of replay's budgets; whole: everything was listed. */
function agrees(slide, tried, spent) {
  const at = thresholds(slide, budgetsOf(tried));
  for (const kind of KINDS) assert.deepEqual(counted(tally(slide, kind, at)), said(kind === "logins" ? tried : tried[kind]), `${tried.name}: ${kind}`);
  assert.equal(usersStopped(slide, at), tried.users_stopped, tried.name);
  const { stopped, spared } = hits(slide, at);
  const listed = usersOf(stopped);
  assert.equal(stopped.length, tried.would_step_up + tried.would_deny, tried.name);
  assert.equal(spared.length, tally(slide, "logins", at).exempt, tried.name);
  assert.deepEqual(listed.map(({ user }) => user).sort(), [...tried.stopped_users].sort(), tried.name);
  assert.equal(listed.reduce((sum, { refused }) => sum + refused, 0), tried.would_deny, tried.name);
  spent.asked += tried.would_step_up;
  spent.refused += tried.would_deny;
  spent.exempt += spared.length;
}

for (const { name, lines } of CONFIGURATIONS) {
  test(`budgets do on the page what they do to logins, ${name}`, () => {
    const config = configure(lines(users));
    const { slide, budgets } = replay(config, "--worst", "100000");
    const spent = { asked: 0, refused: 0, exempt: 0 };
    for (let from = 0; from < TRIED.length; from += AT_A_TIME) {
      const list = TRIED.slice(from, from + AT_A_TIME).map((pair) => pair.map((share) => share.toFixed(15)))
        .map(([stepUp, deny]) => `step_up=${stepUp}+deny=${deny}`).join();
      for (const tried of replay(config, "--budget", list).budgets) agrees(slide, tried, spent);
    }
    assert.ok(spent.asked > 0 && spent.refused > 0, JSON.stringify(spent));
    assert.equal(spent.exempt > 0, lines(users).length > 0);
    assert.equal(usersStopped(slide), usersStopped(slide, thresholds(slide, { log: 1, step_up: 1, deny: 1 })));
    assert.equal(budgets.length, 1);
  });
}

test("each of the riskiest logins gets the verdict that it got", () => {
  const config = configure(["min_history = 20", `exempt_users = ${users[3]}`, "step_up_budget = 1/10", "deny_budget = 1/50"]);
  const { slide, budgets } = replay(config, "--worst", "100000");
  const at = thresholds(slide, budgetsOf(budgets[0]));
  const judged = new Map(replay(config, "--all").stopped.map((login) => [login.id, login]));
  assert.ok(judged.size > 0);
  for (const login of slide.worst) {
    const { verdict, rule } = decide(login, at);
    const known = judged.get(login.id);
    assert.equal(known !== undefined, ["step-up", "deny"].includes(verdict), login.id);
    if (known) assert.deepEqual([verdict, rule ?? "none", login.user, login.risk], [known.verdict, known.rule, known.user, known.risk]);
  }
});

test("a list that is cut has the riskiest, and the counts are of all", () => {
  const config = configure([]);
  const [whole, cut] = ["100000", "20"].map((most) => replay(config, "--worst", most).slide);
  assert.deepEqual(cut.worst, whole.worst.slice(0, 20));
  assert.deepEqual(cut.reached, whole.reached);
  assert.ok(whole.worst.every(({ risk }, i) => i === 0 || whole.worst[i - 1].risk >= risk));
  assert.ok(whole.worst.some(({ reasons }) => reasons.length > 0 && reasons.every(({ text }) => text.length > 0)));
});

test("a budget of the slider is written as the configuration reads it", () => {
  const all = stops(0.005, 0.00123);
  assert.deepEqual([all[0], all.at(-1)], [0, 1]);
  assert.ok(all.includes(0.005) && all.includes(0.00123) && all.includes(1 / 20000));
  assert.ok(all.every((budget, i) => i === 0 || Math.fround(all[i - 1]) < Math.fround(budget)));
  assert.deepEqual([0, 1, 0.005, 1 / 20000, 0.00123, 0.893].map(budgetText), ["0", "1", "1/200", "1/20000", "0.00123", "0.893"]);
  for (const budget of [0, 1, 1 / 200, 1 / 112000]) {
    const { budgets } = replay(configure([`step_up_budget = ${budgetText(budget)}`]));
    assert.equal(Math.fround(budgets[0].step_up_budget), Math.fround(budget));
  }
});
