/*
 * Try a login: what the model would say of one that never happened. The form's fields live in the
 * address, so that a question can be passed on; nothing changes in the store.
 */
import { post } from "../lib/api.js";
import { freshId, h, refill } from "../lib/dom.js";
import { moment, NONE, percent } from "../lib/format.js";
import { setQuery } from "../lib/router.js";
import { pageHead, panel, userLink } from "../components/layout.js";
import { load } from "../components/load.js";
import { reasonList } from "../components/reasons.js";
import { riskMeter, verdictBadge } from "../components/verdict.js";

const FIELDS = [
  { name: "user", label: "User", required: true, autocomplete: "off" },
  { name: "time", label: "Time", type: "datetime-local", required: true },
  { name: "ip", label: "Address", placeholder: "192.0.2.7" },
  { name: "country", label: "Country", placeholder: "DE, when the address does not tell", maxlength: "2" },
  { name: "asn", label: "AS number", type: "number", min: "1" },
  { name: "method", label: "Method", options: ["", "password", "publickey", "keyboard-interactive", "gssapi"] },
  { name: "service", label: "Service", placeholder: "sshd" },
  { name: "host", label: "Host" },
  { name: "device_id", label: "Device" },
  { name: "key", label: "Key", placeholder: "SHA256:…" },
  { name: "rtt_ms", label: "Round trip, ms", type: "number", min: "0", step: "any" },
  { name: "bytes_out", label: "Bytes out", type: "number", min: "0" },
];

function nowLocal() {
  return new Date(Date.now() - 60000 * new Date().getTimezoneOffset()).toISOString().slice(0, 16);
}

function control(field, value) {
  const id = freshId("try");
  const element = field.options
    ? h("select", { id, name: field.name }, field.options.map((option) => h("option", { value: option }, option || "any")))
    : h("input", { id, name: field.name, type: field.type ?? "text", required: field.required, placeholder: field.placeholder, min: field.min,
      step: field.step, maxlength: field.maxlength, autocomplete: "off", spellcheck: "false" });
  element.value = value ?? "";
  return h("div", { class: "field" }, h("label", { for: id }, field.label, field.required && h("span", { class: "muted" }, " (needed)")), element);
}

/* The address's fields as /predict takes them. */
function question(query) {
  const body = { user_id: query.get("user"), timestamp: new Date(query.get("time")).toISOString() };
  for (const { name, type } of FIELDS.slice(2)) {
    const value = query.get(name);
    if (!value) continue;
    body[name === "ip" ? "ip_address" : name] = type === "number" ? Number(value) : value;
  }
  return body;
}

const ORIGINS = { configuration: "by the configuration", command: "by anomalyctl allow", dashboard: "on this dashboard" };

function exemption({ kind, subject, until, from }) {
  return ["the ", kind, " ", h("strong", {}, subject), ", ", ORIGINS[from], until && [" until ", moment(until)]];
}

function verdict(answer, user) {
  return panel("The model's answer", {},
    h("p", { class: "verdict-line" }, verdictBadge(answer), riskMeter(answer)),
    h("p", {}, answer.anomaly ? "An anomaly: " : "Not an anomaly: ", h("strong", {}, percent(answer.probability_anomaly)),
      " probability that it is an attack, ", h("strong", {}, percent(answer.probability_normal)), " that it is not."),
    answer.exempt && h("p", {}, "Exempt: ", exemption(answer.exempt), "."),
    h("h3", {}, "Why"), reasonList(answer.reasons),
    h("p", { class: "muted foot" }, "Compared with what is known of ", userLink(user), ". Model: ", answer.model ?? NONE));
}

export default {
  title: () => "Try a login",

  show({ root, query, signal }) {
    const answer = h("div", { "aria-live": "polite" });
    const form = h("form", { class: "panel try-form", onsubmit: (event) => {
      event.preventDefault();
      setQuery(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()])));
    } }, h("div", { class: "fields" }, FIELDS.map((field) => control(field, query.get(field.name) ?? (field.name === "time" ? nowLocal() : "")))),
    h("div", { class: "actions" }, h("button", { type: "submit", class: "primary" }, "Ask the model"),
      h("span", { class: "muted" }, "Nothing is stored. What is left empty counts as not known.")));
    refill(root, pageHead("Try a login"), h("div", { class: "grid halves" }, form, answer));

    function ask(now) {
      if (!now.get("user") || !now.get("time")) {
        refill(answer, h("div", { class: "empty" }, h("p", { class: "empty-title" }, "Nothing asked yet."),
          h("p", {}, "Name a user and a time; an address, device or method makes the answer sharper.")));
        return;
      }
      load(answer, signal, () => post("/predict", question(now), signal), (said) => verdict(said, now.get("user")));
    }
    ask(query);
    return ask;
  },
};
