/* Store, model, journal and geolocation, each all right or why not: /api/state on one line. */
import { h } from "../lib/dom.js";
import { count, moment } from "../lib/format.js";
import { icon } from "./icons.js";

function part(name, check, words) {
  const ok = check?.ok;
  return h("li", { class: ok ? "state-ok" : "state-bad" }, icon(ok ? "allow" : "fault"),
    h("span", {}, h("strong", {}, name), " ", ok ? words : (check?.message ?? "unknown")));
}

export function stateStrip(state) {
  const { store, model, journal, geo } = state;
  return h("ul", { class: "state-strip", "aria-label": "State of the service" },
    part("Store", store, [`${count(store?.logins)} logins`, store?.newest && [", newest ", moment(store.newest, { relative: true })]]),
    part("Model", model, model?.source === "built-in" ? "built-in"
      : ["trained ", moment(model?.trained, { relative: true })]),
    part("Journal", journal, journal?.lag_bytes ? `${count(journal.lag_bytes)} bytes to fold in` : "up to date"),
    part("Geolocation", geo, [geo?.type ?? "no database", geo?.epoch > 0 && [", of ", moment(typeof geo.epoch === "number"
      ? new Date(1000 * geo.epoch).toISOString() : geo.epoch, { relative: true })]]));
}
