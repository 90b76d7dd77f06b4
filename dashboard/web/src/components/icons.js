/* Small drawings of 16 by 16, in the colour of the text around them; never the only carrier of a meaning. */
import { s } from "../lib/dom.js";

const PATHS = {
  allow: "M3 8.5 6.5 12 13 4.5",
  log: "M1.5 8s2.5-4.5 6.5-4.5S14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8Z M8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6Z",
  "step-up": "M6 3.2a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z M8.2 8.4 13.5 13.5 M11 11.2 12.6 9.6",
  deny: "M5.2 1.8h5.6l3.4 3.4v5.6l-3.4 3.4H5.2l-3.4-3.4V5.2Z M5.5 8h5",
  would: "M8 2.5v6.5 M8 12.3v.4",
  fault: "M8 2 14.5 13.5h-13Z M8 6.5v3.5 M8 11.7v.1",
  unknown: "M3.5 8h9",
  overview: "M2 13V8.5h3V13 M6.5 13V3h3v10 M11 13V6h3v7 M1.5 13.5h13",
  triage: "M2 3.5h12 M4 8h8 M6.5 12.5h3",
  logins: "M6.5 2.5H13v11H6.5 M2 8h7 M6.5 5 9.5 8l-3 3",
  users: "M8 2.5a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4Z M2.8 13.8c.6-2.8 2.6-4 5.2-4s4.6 1.2 5.2 4",
  sources: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8Z M2 8h12 M8 1.8c4 4 4 8.4 0 12.4 M8 1.8c-4 4-4 8.4 0 12.4",
  sessions: "M1.8 3h12.4v10H1.8Z M4.2 6.2 6.2 8l-2 1.8 M7.5 10h3.5",
  alerts: "M8 2a4 4 0 0 0-4 4c0 4-1.5 5-1.5 5h11S12 10 12 6a4 4 0 0 0-4-4Z M6.7 13.5c.6.7 2 .7 2.6 0",
  try: "M6 2v4.5L2.5 13a.8.8 0 0 0 .7 1.2h9.6a.8.8 0 0 0 .7-1.2L10 6.5V2 M5 2h6 M4.5 10h7",
  analyse: "M4 1.8h5.5L13 5.3v9H4Z M9.3 2v3.5h3.5 M6 8.5h5 M6 11h3.5",
  model: "M8 2.5v3.5 M8 6 4 9.5 M8 6l4 3.5 M8 1.5v.1 M2.8 10.5h2.5V13H2.8Z M10.7 10.5h2.5V13h-2.5Z",
  exceptions: "M8 1.8 13.5 4v4.2c0 3-2.2 5-5.5 6-3.3-1-5.5-3-5.5-6V4Z M5.6 8l1.7 1.7L10.6 6.3",
  menu: "M2 4h12 M2 8h12 M2 12h12",
  theme: "M8 2a6 6 0 1 0 0 12Z M8 2a6 6 0 0 1 0 12",
  leave: "M9.5 2.5H3v11h6.5 M6.5 8H14 M11 5l3 3-3 3",
  arrow: "M6 3.5 10.5 8 6 12.5",
};

export function icon(name, properties) {
  return s("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true", ...properties },
    s("path", { d: PATHS[name] ?? PATHS.unknown }));
}
