/*
 * What was decided about a login, as a badge: a drawing and a word, coloured besides. A login object
 * has verdict (what its risk calls for) and answer (what it got): when the answer is lower, the badge
 * says "would deny". Imported logins were never judged.
 */
import { h } from "../lib/dom.js";
import * as format from "../lib/format.js";
import { icon } from "./icons.js";

export const VERDICTS = ["allow", "log", "step-up", "deny"];

const WORDS = { allow: "allow", log: "log", "step-up": "step up", deny: "deny" };

export function isWould(login) {
  return login.answer !== undefined && login.answer !== null && !login.fault
    && VERDICTS.indexOf(login.answer) < VERDICTS.indexOf(login.verdict)
    && login.verdict !== "log";
}

export function verdictWords(login) {
  if (login.fault) return `fault: ${login.fault}`;
  if (!login.verdict) return "not judged";
  return `${isWould(login) ? "would " : ""}${WORDS[login.verdict] ?? login.verdict}`;
}

export function verdictBadge(login) {
  const kind = login.fault ? "fault" : (login.verdict ?? "unknown");
  const would = isWould(login);
  const title = login.fault
    ? `It could not be judged (${login.fault}), so the configured answer was given: ${login.answer ?? "unknown"}`
    : would ? `Its risk calls for ${WORDS[login.verdict]}; it was answered ${WORDS[login.answer]}` : null;
  return h("span", { class: `badge verdict-${kind}${would ? " would" : ""}`, title },
    icon(kind), verdictWords(login));
}

/* A verdict without a login, as in legends and totals. */
export function verdictName(name) {
  return h("span", { class: `badge verdict-${name}` }, icon(name), WORDS[name] ?? name);
}

export function labelBadge(login) {
  if (!login.label || login.label === "none") return null;
  const words = login.label === "attack" && login.family ? `attack: ${login.family}` : login.label;
  const by = login.labelled?.by ? `by ${login.labelled.by}` : null;
  return h("span", { class: `badge label-${login.label}`, title: by }, words);
}

/* The risk as a number and as a bar of the verdict's colour. */
export function riskMeter(login) {
  if (login.risk === undefined || login.risk === null) return h("span", { class: "muted" }, format.NONE);
  return h("span", { class: "risk" },
    h("span", { class: "risk-number" }, format.risk(login.risk)),
    h("span", { class: "risk-bar", "aria-hidden": "true" },
      h("span", { class: `fill verdict-${login.verdict ?? "unknown"}`,
        style: { width: `${100 * Math.min(1, login.risk)}%` } })));
}

/* How far it came: an attempt that was never accepted failed. */
export function reachedWords(login) {
  return { attempt: "failed", accepted: "accepted", opened: "session open", closed: "session ended" }[login.reached]
    ?? login.reached ?? format.NONE;
}
