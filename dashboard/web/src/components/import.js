/*
 * An analysed history that is to enter the real store: asked for here by an analyst, after a word of
 * what will happen; done by anomalyd, whose progress is looked at until it has ended.
 */
import { get, post } from "../lib/api.js";
import { h, refill } from "../lib/dom.js";
import { counted } from "../lib/format.js";
import { isAnalyst } from "../lib/session.js";
import { openDialog } from "./dialog.js";
import { panel } from "./layout.js";

const POLL_MS = 1000;
const PATIENCE_MS = 15000;

const AWAY = " It has not begun yet: the overview says whether anomalyd runs.";

function confirm({ name, result }, go) {
  const dialog = openDialog("Enter into the store", h("div", { class: "stack" },
    h("p", {}, "Of ", h("strong", {}, name), ", ", counted(result.rows, "row"),
      ` ${result.rows === 1 ? "enters" : "enter"} the store. Those that it has already change nothing.`),
    h("p", {}, "Profiles learn from them: from then on logins are judged by what this file says of people's habits. ",
      h("strong", {}, "It cannot be taken back.")),
    h("p", {}, "Logins are judged meanwhile as usual, and join the store when it is done."),
    h("div", { class: "actions" },
      h("button", { type: "button", class: "primary", onclick: () => {
        dialog.close();
        go();
      } }, `Enter ${counted(result.rows, "row")}`),
      h("button", { type: "button", onclick: () => dialog.close() }, "Leave it"))));
}

function outcome({ state, message }) {
  if (state === "done") return h("p", { class: "notice", role: "status" }, h("strong", {}, "It is in the store. "), message, ".");
  return h("div", { class: "problem", role: "alert" }, h("p", {}, h("strong", {}, "It did not enter the store. "), message, "."));
}

function waiting(state, since) {
  const words = state === "running" ? "anomalyd is entering it into the store." : "Waiting for anomalyd.";
  return h("p", { class: "notice", role: "status" }, words, state === "asked" && Date.now() - since > PATIENCE_MS && AWAY);
}

/* job: as GET /api/analyse/{job} tells it. Null where there is nothing to say to this viewer. */
export function importPanel(job, signal) {
  if (!isAnalyst() && !job.import) return null;
  const path = `/api/analyse/${encodeURIComponent(job.job)}`;
  const body = h("div", { class: "stack" });
  const since = Date.now();
  let timer = 0;
  signal.addEventListener("abort", () => clearTimeout(timer));

  function button(told) {
    if (!isAnalyst() || told.import?.state === "done") return null;
    if (told.import_refused) return h("p", { class: "muted" }, "Not possible: ", told.import_refused, ".");
    const ask = h("button", { type: "button", onclick: () => confirm(told, async () => {
      ask.disabled = true;
      try {
        show({ ...told, ...await post(`${path}/import`, undefined, signal) });
      } catch (error) {
        if (error.name !== "AbortError") show({ ...told, import: { state: "failed", message: error.message } });
      }
    }) }, "Enter into the store…");
    return h("div", { class: "actions" }, ask, h("span", { class: "muted" }, "Nothing of it is there yet."));
  }

  function show(told) {
    const state = told.import?.state;
    if (state !== "asked" && state !== "running") {
      refill(body, told.import && outcome(told.import), button(told));
      return;
    }
    refill(body, waiting(state, since));
    timer = setTimeout(() => get(path, null, signal).then(show, (error) => {
      if (error.name !== "AbortError") refill(body, outcome({ state: "failed", message: error.message }));
    }), POLL_MS);
  }

  show(job);
  return panel("The store", {}, body);
}
