/* Logins: every one in the store, by filters that live in the address. */
import { h, refill } from "../lib/dom.js";
import { chosen, filterBar } from "../components/filters.js";
import { pageHead } from "../components/layout.js";
import { pagedList } from "../components/list.js";
import { emptyState } from "../components/load.js";
import { loginColumns } from "../components/login_columns.js";

const METHODS = ["password", "keyboard-interactive", "publickey", "gssapi", "hostbased",
  "publickey+keyboard-interactive", "pam", "not-pam"];

const FIELDS = [
  { name: "user", label: "User", type: "text", placeholder: "name" },
  { name: "ip", label: "Address", type: "text", placeholder: "192.0.2.7" },
  { name: "network", label: "Network", type: "text", placeholder: "192.0.2.0/24" },
  { name: "verdict", label: "Verdict", type: "select", options: [["", "any"], ["log", "log or above"],
    ["step-up", "step up or deny"], ["deny", "deny"]] },
  { name: "reached", label: "Came to", type: "select", options: [["", "any"], ["attempt", "failed"],
    ["accepted", "accepted"], ["opened", "session open"], ["closed", "session ended"]] },
  { name: "label", label: "Label", type: "select", options: [["", "any"], ["attack", "attack"],
    ["legitimate", "legitimate"], ["none", "none yet"]] },
  { name: "method", label: "Method", type: "select", options: [["", "any"], ...METHODS.map((name) => [name, name])] },
  { name: "service", label: "Service", type: "text", placeholder: "sshd" },
  { name: "host", label: "Host", type: "text" },
  { name: "since", label: "Time", type: "range", any: true },
  { name: "order", label: "Order", type: "select", options: [["", "newest first"], ["oldest", "oldest first"],
    ["risk", "riskiest first"]] },
];

const NAMES = [...FIELDS.map((field) => field.name), "until"];

export default {
  title: () => "Logins",

  show(view) {
    const filters = filterBar(FIELDS, view.query, "Filter logins");
    const body = h("div", {});

    function fill(query) {
      refill(body, pagedList({
        view,
        path: "/api/logins",
        query: chosen(query, NAMES),
        caption: "Logins",
        columns: loginColumns("time", "user", "verdict", "risk", "from", "method", "reached", "why"),
        empty: () => (NAMES.some((name) => query.get(name))
          ? emptyState("No login matches.", "Take a filter away, or choose a longer time.")
          : emptyState("There are no logins yet.", "Bring in a history with ",
            h("code", {}, "anomaly-trainer import"), " or add pam_anomaly.so to a PAM stack.")),
      }));
    }
    refill(view.root, pageHead("Logins"), filters, body);
    fill(view.query);
    return (query) => {
      filters.update(query);
      fill(query);
    };
  },
};
