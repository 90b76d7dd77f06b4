/* One login: what it was, why it got its verdict, how it differs from the one before, who said what. */
import { get } from "../lib/api.js";
import { h, refill } from "../lib/dom.js";
import { bytes, counted, duration, moment, network, place, risk } from "../lib/format.js";
import { compareLogins } from "../components/compare.js";
import { decisionColumns } from "../components/decisions.js";
import { judgePanel } from "../components/judge.js";
import { facts, pageHead, panel, sourceLink, userLink } from "../components/layout.js";
import { load } from "../components/load.js";
import { reasonList } from "../components/reasons.js";
import { table } from "../components/table.js";
import { labelBadge, reachedWords, riskMeter, verdictBadge } from "../components/verdict.js";

const RULES = {
  exempt: "the user, a group or the network is exempt",
  root: "root is never denied unless deny_root is set",
  history: "the user has too little history to be denied",
  fault: "the check failed, so the configured answer was given",
};

function about(login) {
  return facts([
    ["User", userLink(login.user)],
    ["Time", moment(login.time, { seconds: true })],
    ["From", [sourceLink(login.ip), login.port ? ` port ${login.port}` : null]],
    ["Place", [place(login), network(login.asn)].filter(Boolean).join(" · ")],
    ["Service", [login.service, login.host].filter(Boolean).join(" on ")],
    ["Method", login.method],
    ["Device", login.device],
    ["Key", login.key && h("span", { class: "mono" }, login.key)],
    ["Round trip", login.rtt_us && `${(login.rtt_us / 1000).toFixed(1)} ms`],
    ["Came to", reachedWords(login)],
    ["Session", login.duration_s !== undefined && `${duration(login.duration_s)}, ${bytes(login.bytes_in)} in, ${bytes(login.bytes_out)} out`],
    ["Known by then", login.learned_logins !== undefined && counted(login.learned_logins, "learned login")],
    ["Learned from", login.learned ? "yes" : "no"],
    ["ID", h("span", { class: "mono" }, login.id)],
  ]);
}

function verdictPanel(login) {
  if (!login.verdict && !login.fault) {
    return panel("Verdict", {}, h("p", { class: "muted" }, login.imported
      ? "It came from an imported history and was not judged. The model page's replay says what would have been done."
      : "It was not judged."));
  }
  return panel("Verdict", {}, h("p", { class: "verdict-line" }, verdictBadge(login), riskMeter(login), labelBadge(login)),
    login.answer && login.answer !== login.verdict && h("p", {}, `It was answered “${login.answer}”.`),
    RULES[login.rule] && h("p", {}, `What the risk called for was changed: ${RULES[login.rule]}.`),
    h("h3", {}, "Why"), reasonList(login.reasons));
}

function featureTable(features) {
  const names = Object.keys(features ?? {});
  if (names.length === 0) return null;
  return h("details", { class: "panel as-table" }, h("summary", {}, `All ${names.length} features as the model saw them`),
    table("Features", [{ label: "Feature", lead: true, cell: (name) => h("code", {}, name) },
      { label: "Value", number: true, cell: (name) => (features[name] === null ? "no evidence" : Number(features[name]).toPrecision(4)) }],
    names));
}

export default {
  title: () => "Login",

  show({ root, params, signal }) {
    const body = h("div", {});
    const exception = h("a", { class: "button", hidden: true }, "Make an exception");
    refill(root, pageHead("Login", exception), body);
    const fill = () => load(body, signal, () => get(`/api/logins/${encodeURIComponent(params.id)}`, null, signal),
      ({ login, previous, travel, history }) => {
        exception.hidden = false;
        exception.href = `/exceptions?kind=user&subject=${encodeURIComponent(login.user)}`;
        refill(root.querySelector("h1"), `${login.user}, ${login.ip ?? "console"}`,
          login.risk !== undefined && h("span", { class: "unseen" }, `, risk ${risk(login.risk)}`));
        const judging = panel("Judge it", {}, judgePanel(login, history.length, signal, fill), history.length > 0 && [h("h3", {}, "Decisions"),
          table("Decisions on this login", decisionColumns({ login: false }), history)]);
        return [h("div", { class: "grid halves" },
          h("div", { class: "stack" }, verdictPanel(login), panel("Beside the previous one", {}, compareLogins(login, previous, travel))),
          h("div", { class: "stack" }, judging, panel("What it was", {}, about(login)))),
        featureTable(login.features)];
      });
    fill();
  },
};
