/* Users: everybody who ever logged in or was tried. */
import { h, refill } from "../lib/dom.js";
import { count, moment } from "../lib/format.js";
import { chosen, filterBar } from "../components/filters.js";
import { pageHead, userLink } from "../components/layout.js";
import { pagedList } from "../components/list.js";
import { emptyState } from "../components/load.js";
import { riskMeter } from "../components/verdict.js";

const FIELDS = [
  { name: "search", label: "Name begins with", type: "text" },
  { name: "order", label: "Order", type: "select", options: [["", "seen last"], ["name", "name"], ["attempts", "most attempts"]] },
];

const COLUMNS = [
  { label: "User", lead: true, cell: (row) => userLink(row.user) },
  { label: "Learned logins", number: true, cell: (row) => count(row.learned_logins) },
  { label: "Attempts, 30 d", number: true, cell: (row) => count(row.attempts_30d) },
  { label: "Failed, 30 d", number: true, cell: (row) => count(row.failures_30d) },
  { label: "Worst risk, 30 d", number: true, cell: (row) => riskMeter({ risk: row.worst_risk_30d }) },
  { label: "First seen", wide: true, cell: (row) => moment(row.first) },
  { label: "Last seen", cell: (row) => moment(row.last) },
];

export default {
  title: () => "Users",

  show(view) {
    const filters = filterBar(FIELDS, view.query, "Find users");
    const body = h("div", {});
    const fill = (query) => refill(body, pagedList({
      view, path: "/api/users", query: chosen(query, ["search", "order"]), caption: "Users", columns: COLUMNS,
      empty: () => (query.get("search")
        ? emptyState(`No user's name begins with “${query.get("search")}”.`, "Names are compared as they are written: try fewer letters.")
        : emptyState("No user is known yet.", "Users appear with their first attempt to log in.")),
    }));
    refill(view.root, pageHead("Users"), filters, body);
    fill(view.query);
    return (query) => {
      filters.update(query);
      fill(query);
    };
  },
};
