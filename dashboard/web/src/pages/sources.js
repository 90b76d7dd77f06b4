/* Sources: addresses that logins were tried from. */
import { h, refill } from "../lib/dom.js";
import { count, moment, network, place } from "../lib/format.js";
import { chosen, filterBar } from "../components/filters.js";
import { pageHead, sourceLink } from "../components/layout.js";
import { pagedList } from "../components/list.js";
import { emptyState } from "../components/load.js";

const FIELDS = [
  { name: "since", label: "Seen in", type: "range", any: true, open: true },
  { name: "order", label: "Order", type: "select", options: [["", "seen last"], ["attempts", "most attempts"], ["failures", "most failures"]] },
];

const COLUMNS = [
  { label: "Address", lead: true, cell: (row) => [sourceLink(row.ip), h("span", { class: "sub" }, [place(row), network(row.asn)].filter(Boolean).join(" · "))] },
  { label: "Attempts", number: true, cell: (row) => count(row.attempts) },
  { label: "Failed", number: true, cell: (row) => count(row.failures) },
  { label: "Names tried", number: true, cell: (row) => count(row.names) },
  { label: "First seen", wide: true, cell: (row) => moment(row.first) },
  { label: "Last seen", cell: (row) => moment(row.last) },
];

export default {
  title: () => "Sources",

  show(view) {
    const filters = filterBar(FIELDS, view.query, "Filter sources");
    const body = h("div", {});
    const fill = (query) => refill(body, pagedList({
      view, path: "/api/sources", query: chosen(query, ["since", "order"]), caption: "Sources", columns: COLUMNS,
      empty: () => (query.get("since") ? emptyState("No address was seen.", "Choose a longer time; logins at a console have no address.")
        : emptyState("No address is known yet.", "Addresses appear with the first attempt to log in from them.")),
    }));
    refill(view.root, pageHead("Sources"), filters, body);
    fill(view.query);
    return (query) => {
      filters.update(query);
      fill(query);
    };
  },
};
