/*
 * Analyse a file: a history is sent, judged in a throw-away store and shown. The job is in the address,
 * so that going back finds its result again; nothing of it enters the real store unless an analyst
 * says so (components/import.js).
 */
import { get, remove, upload } from "../lib/api.js";
import { freshId, h, refill } from "../lib/dom.js";
import { bytes, count, moment, NONE } from "../lib/format.js";
import { setQuery } from "../lib/router.js";
import { importPanel } from "../components/import.js";
import { facts, pageHead, panel } from "../components/layout.js";
import { pagedList } from "../components/list.js";
import { load, problemBox } from "../components/load.js";
import { LOGIN_COLUMNS, loginColumns } from "../components/login_columns.js";
import { table } from "../components/table.js";
import { modelChoice, TABLE, tableFinished } from "../components/table_analysis.js";
import { toast } from "../components/toast.js";
import { verdictName, VERDICTS } from "../components/verdict.js";

const MOST_BYTES = 256 * 1024 * 1024;
const POLL_MS = 700;

const FORMATS = [["sshd", "sshd's log lines (auth.log)"], ["journal", "journal export (JSON lines)"], ["wtmp", "wtmp"], ["csv", "logins as CSV"],
  ["rba", "RBA data set's CSV"], ["cloud", "cloud logins' CSV"], [TABLE, "a table of anything (CSV)"]];

/* A guess from the name, which the viewer can correct. */
function guess(name) {
  if (/wtmp|btmp/.test(name)) return "wtmp";
  if (/\.json/.test(name)) return "journal";
  if (/\.csv/.test(name)) return "csv";
  return "sshd";
}

function field(label, control, note) {
  control.id = freshId("analyse");
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, note && h("span", { class: "sub" }, note));
}

function sendForm(signal) {
  const file = h("input", { type: "file", required: true });
  const format = h("select", { name: "format" }, FORMATS.map(([value, words]) => h("option", { value }, words)));
  const below = h("div", { "aria-live": "polite" });
  const choice = h("div", {});
  let model = null; /* of a table */
  const submit = h("button", { type: "submit", class: "primary" }, "Analyse");
  file.addEventListener("change", () => {
    if (!file.files[0] || format.value === TABLE) return;
    format.value = guess(file.files[0].name.toLowerCase());
  });
  format.addEventListener("change", () => {
    model = format.value === TABLE ? modelChoice(signal) : null;
    refill(choice, model?.element);
  });

  async function send(chosen) {
    const bar = h("progress", { max: chosen.size, value: 0, "aria-label": "Upload" });
    const words = h("span", {}, "Sending…");
    refill(below, h("p", { class: "progress" }, bar, " ", words));
    submit.disabled = true;
    try {
      const answer = await upload("/api/analyse", { format: format.value, name: chosen.name, model: model?.value() }, chosen, (sent) => {
        bar.value = sent;
        refill(words, `${bytes(sent)} of ${bytes(chosen.size)}`);
      }, signal);
      setQuery({ job: answer.job });
    } catch (error) {
      if (error.name !== "AbortError") refill(below, problemBox(error));
    }
    submit.disabled = false;
  }
  return h("form", { class: "panel", onsubmit: (event) => {
    event.preventDefault();
    const chosen = file.files[0];
    if (chosen.size > MOST_BYTES) refill(below, problemBox({ message: `${bytes(chosen.size)} are more than the service takes (256 MiB). anomaly-trainer score reads files of any size.` }));
    else if (model?.value() === "") refill(below, problemBox({ message: "A table needs a model to be judged by." }));
    else send(chosen);
  } }, h("div", { class: "fields" }, field("File", file, "up to 256 MiB, gzip is fine"), field("Format", format)), choice,
  h("div", { class: "actions" }, submit, h("span", { class: "muted" }, "It is judged on its own: the store does not change.")), below);
}

/* These logins are in no store, so that their times lead nowhere; reasons come as one text. */
const TIME = { ...LOGIN_COLUMNS.time, cell: (row) => moment(row.time, { seconds: true }) };
const WORST_COLUMNS = [TIME, ...loginColumns("user", "verdict", "risk", "from", "why")];
const ROW_COLUMNS = [TIME, ...loginColumns("user", "verdict", "risk", "from"), { ...LOGIN_COLUMNS.why, cell: (row) => row.reasons || NONE }];

function totals({ received_bytes, result }) {
  const verdicts = VERDICTS.filter((name) => result?.verdicts?.[name] > 0)
    .map((name) => h("span", { class: "verdict-count" }, verdictName(name), " ", count(result.verdicts[name])));
  return facts([["Read", bytes(received_bytes)], ["Rows", count(result?.rows)], ["Verdicts", verdicts.length > 0 && verdicts],
    ["Lines left out", count(result?.skipped)], ["Out of order", result?.out_of_order > 0 && count(result.out_of_order)], ["Model", result?.model]]);
}

function worst(result) {
  if (!result?.worst?.length) return null;
  return panel("Riskiest", {}, table("Riskiest logins of the file", WORST_COLUMNS, result.worst, { class: "table cards" }));
}

/* What could not be read, and why it matters. */
function unread(result) {
  if (!result?.unread?.length && !result?.note) return null;
  return h("div", { class: "notice" }, result.note && h("p", {}, result.note),
    result.unread?.length > 0 && [h("p", {}, "Lines that could not be read, the first of them:"),
      h("ul", {}, result.unread.map((line) => h("li", {}, `${count(line.line)}: `, h("code", {}, line.text))))]);
}

function actions(id) {
  return h("div", { class: "actions" }, h("button", { type: "button", class: "quiet", onclick: async () => {
    await remove(`/api/analyse/${id}`).catch((error) => toast(error.message, { bad: true }));
    setQuery({ job: "" });
  } }, "Throw it away"));
}

function finished(view, id, job) {
  if (job.format === TABLE) return tableFinished(view, id, job, actions(id));
  return h("div", { class: "stack" },
    panel("What the file holds", {}, totals(job), actions(id)),
    importPanel(job, view.signal), unread(job.result), worst(job.result),
    panel("At or above log", { note: "in the order of the file" }, pagedList({ view, path: `/api/analyse/${id}/rows`, query: { verdict: "log" }, caption: "Rows that stand out",
      columns: ROW_COLUMNS, empty: () => h("p", { class: "muted" }, "Nothing stood out.") })),
    panel("All rows", {}, pagedList({ view, path: `/api/analyse/${id}/rows`, query: {}, caption: "Rows of the file",
      columns: ROW_COLUMNS, empty: () => h("p", { class: "muted" }, "The file has no row that could be read.") })),
  );
}

function result(view, id) {
  const root = h("div", {});
  let timer = 0;
  view.signal.addEventListener("abort", () => clearTimeout(timer));
  const look = () => load(root, view.signal, () => get(`/api/analyse/${id}`, null, view.signal), (job) => {
    if (job.state === "done") return finished(view, id, job);
    if (job.state === "failed") return problemBox({ message: job.message ?? "The file could not be read." });
    timer = setTimeout(look, POLL_MS);
    return h("p", { class: "notice", role: "status" }, `${job.name}, ${bytes(job.received_bytes)}: ${job.state === "waiting" ? "waiting for its turn" : "being judged"}…`);
  });
  look();
  return root;
}

export default {
  title: () => "Analyse a file",

  show(view) {
    const body = h("div", { class: "stack" });
    const fill = (query) => {
      const job = query.get("job");
      refill(body, job ? [h("p", {}, h("a", { href: "/analyse" }, "Analyse another file")), result(view, encodeURIComponent(job))] : sendForm(view.signal));
    };
    refill(view.root, pageHead("Analyse a file"), body);
    fill(view.query);
    return fill;
  },
};
