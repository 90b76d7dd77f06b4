/* Decisions, each with who made it and when, as columns for table.js. */
import { h } from "../lib/dom.js";
import { moment, NONE } from "../lib/format.js";
import { sourceLink, userLink } from "./layout.js";

function what(decision) {
  if (decision.label === "none") return "taken back";
  if (decision.label) return decision.family ? `${decision.label}: ${decision.family}` : decision.label;
  if (decision.what === "import") return `import of ${decision.file || "a file"}: ${decision.state}`;
  return decision.subject ? `${decision.what}: ${decision.subject}` : decision.what;
}

/* login: whether to say which login it was about. */
export function decisionColumns({ login = true } = {}) {
  return [
    { label: "When", cell: (decision) => moment(decision.time, { seconds: true }) },
    { label: "Who", lead: true, cell: (decision) => decision.by },
    { label: "Decision", cell: (decision) => h("span", { class: `badge label-${decision.label ?? "none"}` }, what(decision)) },
    ...(login ? [{ label: "Login", cell: (decision) => (decision.user ? [userLink(decision.user), " ", sourceLink(decision.ip), " ",
      h("a", { href: `/login/${encodeURIComponent(decision.id)}` }, "everything about it")] : NONE) }] : []),
    { label: "Why", class: "why", cell: (decision) => decision.why || NONE },
  ];
}
