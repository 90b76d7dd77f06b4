/* The columns in which logins are listed, for table.js. */
import { h } from "../lib/dom.js";
import { moment, network, NONE, place } from "../lib/format.js";
import { sourceLink, userLink } from "./layout.js";
import { reasonLine } from "./reasons.js";
import { labelBadge, reachedWords, riskMeter, verdictBadge } from "./verdict.js";

export function loginPath(login) {
  return `/login/${encodeURIComponent(login.id)}`;
}

export const LOGIN_COLUMNS = {
  time: { label: "Time", class: "when", bare: true, cell: (login) => h("a", { href: loginPath(login), class: "time-link" },
    moment(login.time, { seconds: true })) },
  user: { label: "User", lead: true, cell: (login) => userLink(login.user) },
  verdict: { label: "Verdict", bare: true, cell: (login) => [verdictBadge(login), " ", labelBadge(login)] },
  risk: { label: "Risk", number: true, bare: true, cell: riskMeter },
  from: { label: "From", bare: true, class: "whole", cell: (login) => [sourceLink(login.ip),
    h("span", { class: "sub" }, [place(login), network(login.asn)].filter(Boolean).join(" · "))] },
  method: { label: "Method", wide: true, cell: (login) => [login.method ?? NONE,
    h("span", { class: "sub" }, [login.service, login.host].filter(Boolean).join(" on "))] },
  reached: { label: "Came to", wide: true, cell: reachedWords },
  why: { label: "Why", class: "why whole", bare: true, cell: (login) => reasonLine(login) },
};

export function loginColumns(...names) {
  return names.map((name) => LOGIN_COLUMNS[name]);
}
