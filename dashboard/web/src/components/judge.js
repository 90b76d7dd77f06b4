/*
 * Saying what a login was. judge(ids, label, {family, why}) posts it and returns {applied, refused}; a
 * refusal is told in a toast. judgeButtons(login, done) are the buttons of one login, for analysts.
 */
import { get, post } from "../lib/api.js";
import { freshId, h, refill } from "../lib/dom.js";
import { counted } from "../lib/format.js";
import { isAnalyst } from "../lib/session.js";
import { NOT_YET, settled } from "../lib/settle.js";
import { toast } from "./toast.js";

export const FAMILIES = ["guessing", "spraying", "slow-guessing", "naive", "proxy", "targeted", "stolen-key",
  "insider", "own-network"];

export async function judge(ids, label, { family, why } = {}) {
  const body = { ids, label };
  if (family && label === "attack") body.family = family;
  if (why) body.why = why;
  const result = await post("/api/labels", body);
  if (result.refused.length > 0) {
    const first = result.refused[0].message;
    toast(`${counted(result.refused.length, "login")} could not be labelled: ${first}`, { bad: true });
  }
  document.dispatchEvent(new CustomEvent("queuechange"));
  return result;
}

/* Fields for why, and of which kind an attack was: {element, value() → {family, why}}. */
export function judgeNotes() {
  const [whyId, familyId] = [freshId("why"), freshId("family")];
  const why = h("input", { id: whyId, maxlength: "255", placeholder: "optional", autocomplete: "off",
    onkeydown: (event) => ["Enter", "Escape"].includes(event.key) && why.blur() });
  const family = h("select", { id: familyId }, h("option", { value: "" }, "not said"),
    FAMILIES.map((name) => h("option", { value: name }, name)));
  return {
    element: h("div", { class: "judge-notes" },
      h("div", { class: "field" }, h("label", { for: whyId }, "Note"), why),
      h("div", { class: "field" }, h("label", { for: familyId }, "Kind of attack"), family)),
    value: () => ({ family: family.value, why: why.value.trim() }),
  };
}

const BUTTONS = [["legitimate", "Legitimate", "l"], ["attack", "Attack", "a"], ["later", "Later", "s"]];

/* choose(label) is called for the button that was pressed. */
export function judgeButtons(choose, { undo, keys = true } = {}) {
  return h("div", { class: "judge-buttons", role: "group", "aria-label": "Judge" }, BUTTONS.map(([label, words, key]) =>
    h("button", { type: "button", class: `judge-${label}`, onclick: () => choose(label) }, words,
      keys && h("kbd", { "aria-hidden": "true" }, key))),
  undo && h("button", { type: "button", class: "quiet", onclick: () => choose("none") }, "Take back",
    keys && h("kbd", { "aria-hidden": "true" }, "u")));
}

/* One login's own panel: its label now, buttons, notes. decisions: how many it has had; done() when there is another. */
export function judgePanel(login, decisions, signal, done) {
  if (!isAnalyst()) return h("p", { class: "muted" }, "Your role, viewer, may look but not judge.");
  const notes = judgeNotes();
  const problem = h("p", { role: "alert" });
  return h("div", { class: "judge" }, judgeButtons(async (label) => {
    try {
      const result = await judge([login.id], label, notes.value());
      if (result.applied.length === 0) return;
      const path = `/api/logins/${encodeURIComponent(login.id)}`;
      const heard = await settled(() => get(path, null, signal), ({ history }) => history.length > decisions, signal);
      if (!heard) toast(NOT_YET, { bad: true });
      done();
    } catch (error) {
      refill(problem, h("span", { class: "problem" }, error.message));
    }
  }, { undo: Boolean(login.label && login.label !== "none"), keys: false }), notes.element, problem);
}
