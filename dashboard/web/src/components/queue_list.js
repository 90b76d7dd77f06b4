/* The queue on the screen: its rows, and what is known of the one that is looked at. */
import { h } from "../lib/dom.js";
import { counted, moment, place } from "../lib/format.js";
import { isAnalyst } from "../lib/session.js";
import { compareLogins } from "./compare.js";
import { judgeButtons } from "./judge.js";
import { sourceLink, userLink } from "./layout.js";
import { loginPath } from "./login_columns.js";
import { reasonLine, reasonList } from "./reasons.js";
import { riskMeter, verdictBadge } from "./verdict.js";

function decision(decided) {
  return h("span", { class: `badge label-${decided.label}` }, decided.label,
    h("span", { class: "by" }, ` · ${decided.by} · `, moment(decided.time)));
}

/* actions: {look(at), toggle(id)} */
export function queueRow(queue, at, actions) {
  const entry = queue.entries[at];
  const { login, decided } = entry;
  const current = at === queue.current;
  const check = h("input", { type: "checkbox", checked: queue.selected.has(login.id),
    "aria-label": `Select ${login.user} from ${login.ip ?? "console"}`, onchange: () => actions.toggle(login.id) });
  return h("li", { class: `queue-row${current ? " current" : ""}${decided ? " decided" : ""}`, dataset: { id: login.id } },
    isAnalyst() && h("label", { class: "queue-check" }, check),
    h("button", { type: "button", class: "queue-open", "aria-current": current ? "true" : null, onclick: () => actions.look(at) },
      h("span", { class: "queue-line" }, h("strong", {}, login.user),
        h("span", { class: "queue-from" }, [login.ip ?? "console", place(login)].filter(Boolean).join(" · ")),
        h("span", { class: "queue-time" }, moment(login.time))),
      h("span", { class: "queue-line" }, verdictBadge(login), riskMeter(login), decided ? decision(decided) : reasonLine(login))));
}

/* actions: {judge(label), selectAlike(fits)}; notes: the element of judgeNotes(). */
export function queueDetail(queue, actions, notes) {
  const { login, previous, travel, decided } = queue.entry;
  const alike = [["ip", `from ${login.ip}`, login.ip], ["user", `of ${login.user}`, login.user]]
    .filter(([, , value]) => value)
    .map(([field, words, value]) => ({ words, fits: (other) => other[field] === value,
      number: queue.entries.filter((entry) => !entry.decided && entry.login[field] === value).length }))
    .filter(({ number }) => number > 1);
  return [
    h("div", { class: "detail-head" },
      h("h2", {}, userLink(login.user), h("span", { class: "muted" }, " from "), sourceLink(login.ip)),
      h("p", {}, verdictBadge(login), " ", riskMeter(login), " ", moment(login.time, { seconds: true }), " ",
        h("a", { href: loginPath(login) }, "everything about it"))),
    decided && h("p", {}, decision(decided)),
    isAnalyst() ? [judgeButtons(actions.judge, { undo: queue.canUndo }),
      queue.selected.size > 0 && h("p", { class: "notice" }, `Goes for all ${counted(queue.selected.size, "selected login")}.`), notes]
      : h("p", { class: "muted" }, "Your role, viewer, may look but not judge."),
    h("h2", { class: "minor" }, "Why it stands out"), reasonList(login.reasons),
    h("h2", { class: "minor" }, "Beside the previous one"), compareLogins(login, previous, travel),
    isAnalyst() && alike.length > 0 && h("p", { class: "alike" }, alike.map(({ words, fits, number }) =>
      h("button", { type: "button", class: "quiet", onclick: () => actions.selectAlike(fits) }, `Select all ${number} ${words}`))),
  ];
}
