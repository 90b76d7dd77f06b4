/* Sessions: logins that opened one, how long they lasted and what they moved. */
import { h, refill } from "../lib/dom.js";
import { bytes, duration } from "../lib/format.js";
import { chosen, filterBar } from "../components/filters.js";
import { pageHead } from "../components/layout.js";
import { pagedList } from "../components/list.js";
import { emptyState } from "../components/load.js";
import { LOGIN_COLUMNS } from "../components/login_columns.js";

const FIELDS = [
  { name: "user", label: "User", type: "text" },
  { name: "open", label: "Session", type: "select", options: [["", "any"], ["1", "open now"], ["0", "ended"]] },
  { name: "since", label: "Opened in", type: "range", any: true },
  { name: "order", label: "Order", type: "select", options: [["", "newest first"], ["bytes", "most bytes"], ["duration", "longest"]] },
];

const NAMES = ["user", "open", "since", "until", "order"];

const COLUMNS = [
  LOGIN_COLUMNS.time,
  LOGIN_COLUMNS.user,
  LOGIN_COLUMNS.from,
  { label: "Lasted", number: true, cell: (row) => (row.open ? h("span", { class: "badge open" }, "open") : duration(row.duration_s)) },
  { label: "In", number: true, cell: (row) => bytes(row.bytes_in) },
  { label: "Out", number: true, cell: (row) => bytes(row.bytes_out) },
  LOGIN_COLUMNS.verdict,
  LOGIN_COLUMNS.method,
];

export default {
  title: () => "Sessions",

  show(view) {
    const filters = filterBar(FIELDS, view.query, "Filter sessions");
    const body = h("div", {});
    const fill = (query) => refill(body, pagedList({
      view, path: "/api/sessions", query: chosen(query, NAMES), caption: "Sessions", columns: COLUMNS,
      empty: () => (NAMES.some((name) => query.get(name))
        ? emptyState("No session matches.", query.get("open") === "1" ? "Nobody is logged in through a watched service right now."
          : "Take a filter away, or choose a longer time.")
        : emptyState("There is no session yet.", "Sessions appear once pam_anomaly.so is in the session part of a PAM stack: ",
          h("code", {}, "anomalyctl check"), " says where it is missing.")),
    }));
    refill(view.root, pageHead("Sessions"), filters, body);
    fill(view.query);
    return (query) => {
      filters.update(query);
      fill(query);
    };
  },
};
