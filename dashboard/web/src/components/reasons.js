/*
 * Why a risk is what it is. Each reason has feature, reason (a few words), text (words with the value,
 * when the service has them), value and share: its part in the score; the bars show the shares.
 */
import { h } from "../lib/dom.js";
import { percent } from "../lib/format.js";

export function reasonText(reason) {
  return reason.text ?? reason.reason ?? reason.feature;
}

export function reasonList(reasons) {
  if (!reasons?.length) return h("p", { class: "muted" }, "No feature stood out.");
  return h("ol", { class: "reasons" }, reasons.map((reason) => h("li", {},
    h("span", { class: "reason-text" }, reasonText(reason)),
    h("span", { class: "reason-share", title: `${reason.feature} = ${reason.value}` },
      h("span", { class: "unseen" }, "share of the score: "), percent(reason.share, 0)),
    h("span", { class: "reason-bar", "aria-hidden": "true" },
      h("span", { style: { width: `${100 * Math.min(1, Math.max(0, reason.share))}%` } })))));
}

/* The strongest ones on one line. */
export function reasonLine(login, most = 2) {
  const shown = (login.reasons ?? []).slice(0, most).map(reasonText).join(" · ");
  return h("span", { class: "reason-line" }, shown || h("span", { class: "muted" }, "–"));
}
