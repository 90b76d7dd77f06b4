/* Exceptions: whose logins are never asked nor denied, and what a new one would have let through. */
import { get, post } from "../lib/api.js";
import { freshId, h, refill } from "../lib/dom.js";
import { count, counted, moment, NONE } from "../lib/format.js";
import { NOT_YET, settled } from "../lib/settle.js";
import { isAnalyst } from "../lib/session.js";
import { facts, pageHead, panel } from "../components/layout.js";
import { exportLinks } from "../components/list.js";
import { emptyState, load, problemBox } from "../components/load.js";
import { loginColumns } from "../components/login_columns.js";
import { table } from "../components/table.js";
import { toast } from "../components/toast.js";

const SPANS = [["1h", "1 hour"], ["8h", "8 hours"], ["1d", "1 day"], ["7d", "7 days"], ["30d", "30 days"], ["90d", "90 days"]];
const FROM = { configuration: "configuration file", command: "anomalyctl", dashboard: "these pages" };

function field(label, control) {
  control.id = freshId("exception");
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control);
}

function effect(preview) {
  const stopped = preview.step_ups + preview.denials;
  return h("div", { class: "preview" },
    h("h3", {}, "What it would have let through in the last 30 days"),
    facts([["Logins", `${count(preview.logins)} of ${counted(preview.users, "user")}`], ["Step-ups", count(preview.step_ups)], ["Denials", count(preview.denials)]]),
    preview.complete === false && h("p", { class: "muted" }, "There are too many logins to count all of them: these are at least so many."),
    stopped === 0 ? h("p", { class: "muted" }, "It would have changed nothing: nobody it covers was asked or refused.")
      : table("Logins it would have let through", loginColumns("time", "user", "verdict", "risk", "from", "why"), preview.examples, { class: "table cards" }));
}

function makeForm(query, signal, saved) {
  const kind = h("select", { name: "kind" }, [["user", "a user"], ["network", "an address or network"]].map(([value, words]) => h("option", { value }, words)));
  const subject = h("input", { name: "subject", required: true, autocomplete: "off", spellcheck: "false", placeholder: "alice or 192.0.2.0/24" });
  const span = h("select", { name: "for" }, SPANS.map(([value, words]) => h("option", { value }, words)));
  const why = h("input", { name: "why", required: true, maxlength: "255", autocomplete: "off", placeholder: "what your colleagues need to know" });
  kind.value = query.get("kind") ?? "user";
  subject.value = query.get("subject") ?? "";
  span.value = "1d";
  const below = h("div", { "aria-live": "polite" });
  const save = h("button", { type: "button", class: "primary", disabled: true, onclick: () => store() }, "Save the exception");
  const preview = h("button", { type: "submit" }, "Preview its effect");
  const asked = () => ({ kind: kind.value, subject: subject.value.trim() });

  async function store() {
    save.disabled = true;
    try {
      const made = await post("/api/exceptions", { ...asked(), for: span.value, why: why.value.trim() });
      toast(`${made.subject} is exempt for ${span.selectedOptions[0].textContent}.`);
      await listed(made, true, signal);
      refill(below);
      subject.value = "";
      why.value = "";
      saved();
    } catch (error) {
      refill(below, problemBox(error));
      save.disabled = false;
    }
  }
  /* What was previewed is what may be saved. */
  for (const control of [kind, subject]) control.addEventListener("input", () => {
    save.disabled = true;
    refill(below);
  });
  return h("form", { class: "exception-form", onsubmit: async (event) => {
    event.preventDefault();
    const shown = await load(below, signal, () => post("/api/exceptions/preview", asked(), signal), effect);
    save.disabled = shown === null;
  } }, h("div", { class: "fields" }, field("Exempt", kind), field("Who or where", subject), field("For", span), field("Why", why)),
  h("div", { class: "actions" }, preview, save), below);
}

function isIn(answer, { kind, subject }) {
  return answer.items.some((one) => one.from === "dashboard" && one.kind === kind && one.subject === subject);
}

/* Resolves when the list has it, or has it no more. */
async function listed(exception, there, signal) {
  const done = await settled(() => get("/api/exceptions", null, signal), (answer) => isIn(answer, exception) === there, signal);
  if (!done && !signal.aborted) toast(NOT_YET, { bad: true });
}

function revokeButton(exception, again, signal) {
  if (exception.from !== "dashboard") return h("span", { class: "muted" }, exception.from === "command" ? "by anomalyctl revoke" : "in the file");
  const button = h("button", { type: "button", class: "quiet", onclick: async () => {
    button.disabled = true;
    try {
      await post("/api/exceptions/revoke", { kind: exception.kind, subject: exception.subject });
      await listed(exception, false, signal);
      toast(`${exception.subject} is no longer exempt.`);
      again();
    } catch (error) {
      button.disabled = false;
      toast(error.message, { bad: true });
    }
  } }, "Revoke", h("span", { class: "unseen" }, ` ${exception.subject}`));
  return button;
}

function list(again, signal) {
  return [
    { label: "Who or where", lead: true, cell: (one) => h("strong", {}, one.subject) },
    { label: "Kind", cell: (one) => one.kind },
    { label: "Until", cell: (one) => (one.until ? moment(one.until) : "for ever") },
    { label: "By", cell: (one) => one.by || NONE },
    { label: "Why", class: "why", cell: (one) => one.why || NONE },
    { label: "Made in", cell: (one) => FROM[one.from] ?? one.from },
    ...(isAnalyst() ? [{ label: "End", cell: (one) => revokeButton(one, again, signal) }] : []),
  ];
}

export default {
  title: () => "Exceptions",

  show({ root, query, signal }) {
    const body = h("div", {});
    const fill = () => load(body, signal, () => get("/api/exceptions", null, signal), (answer) => [
      answer.problem && problemBox({ message: answer.problem }),
      answer.items.length === 0 ? emptyState("Nobody is exempt.", "Every login can be asked or refused, as its risk calls for.")
        : [table("Exceptions", list(fill, signal), answer.items, { class: "table cards" }), exportLinks("/api/exceptions")]]);
    refill(root, pageHead("Exceptions"),
      isAnalyst() && panel("A new one", { note: "still scored and logged, but never asked nor denied" }, makeForm(query, signal, fill)),
      panel("In force", {}, body));
    fill();
  },
};
