/*
 * Where logins came from, on a map of the world. worldMap(places) → element. places: [{latitude,
 * longitude, country, city, attempts, failures, allow, log, step_up, deny}]. A circle's area is the
 * number of attempts, its colour the gravest verdict there; a table holds the same for those who do not
 * see the map.
 */
import { geoNaturalEarth1, geoPath } from "d3-geo";
import { feature, mesh } from "topojson-client";
import worldAddress from "world-atlas/countries-110m.json";
import { h, s } from "../lib/dom.js";
import { count, counted, place } from "../lib/format.js";
import { table } from "./table.js";
import { verdictName } from "./verdict.js";

const WIDTH = 960;
const HEIGHT = 440;
const LARGEST_RADIUS = 16;
const SMALLEST_RADIUS = 3;
const GRAVEST_FIRST = [["deny", "deny"], ["step_up", "step-up"], ["log", "log"], ["allow", "allow"]];

const projection = geoNaturalEarth1().rotate([-11, 0]).scale(186).translate([WIDTH / 2, HEIGHT / 2 + 44]);
let world = null;

async function outlines() {
  world ??= fetch(worldAddress).then((response) => response.json());
  return world;
}

function gravest(at) {
  return GRAVEST_FIRST.find(([field]) => at[field] > 0)?.[1] ?? "unknown";
}

function words(at) {
  const verdicts = GRAVEST_FIRST.filter(([field]) => at[field] > 0)
    .map(([field, name]) => `${count(at[field])} ${name}`).join(", ");
  return `${place(at) || "unknown place"}: ${counted(at.attempts, "attempt")}, `
    + `${count(at.failures)} failed${verdicts ? `; ${verdicts}` : ""}`;
}

function circle(at, most) {
  const [x, y] = projection([at.longitude, at.latitude]);
  const radius = Math.max(SMALLEST_RADIUS, LARGEST_RADIUS * Math.sqrt(at.attempts / most));
  return s("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: radius.toFixed(1), class: `spot verdict-${gravest(at)}` },
    s("title", {}, words(at)));
}

async function drawLand(land) {
  const topology = await outlines();
  const path = geoPath(projection).digits(1);
  const countries = topology.objects.countries;
  countries.geometries = countries.geometries.filter((country) => country.properties.name !== "Antarctica");
  land.append(s("path", { class: "land", d: path(feature(topology, countries)) }),
    s("path", { class: "borders", d: path(mesh(topology, countries, (a, b) => a !== b)) }));
}

function placesTable(places) {
  return table("Places that logins came from", [
    { label: "Place", lead: true, cell: (at) => place(at) || "unknown" },
    { label: "Attempts", number: true, cell: (at) => count(at.attempts) },
    { label: "Failed", number: true, cell: (at) => count(at.failures) },
    ...GRAVEST_FIRST.map(([field, name]) => ({ label: name, number: true, cell: (at) => count(at[field]) })),
  ], [...places].sort((a, b) => b.attempts - a.attempts));
}

export function worldMap(places) {
  const located = places.filter((at) => Number.isFinite(at.latitude) && Number.isFinite(at.longitude));
  const most = Math.max(1, ...located.map((at) => at.attempts));
  const order = ["unknown", "allow", "log", "step-up", "deny"];
  const spots = [...located].sort((a, b) => order.indexOf(gravest(a)) - order.indexOf(gravest(b))
    || b.attempts - a.attempts);
  const land = s("g", {});
  drawLand(land).catch(() => land.append(s("text", { x: 20, y: 30 }, "The map's outlines could not be loaded.")));
  const details = h("details", { class: "as-table", ontoggle: () => {
    if (details.open && !details.querySelector("table")) {
      details.append(h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Places" },
        placesTable(places)));
    }
  } }, h("summary", {}, "As a table"));
  return h("figure", { class: "map" },
    s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img",
      "aria-label": `Map of ${counted(located.length, "place")} that logins came from` }, land,
    s("g", {}, spots.map((at) => circle(at, most)))),
    h("div", { class: "legend" }, ["deny", "step-up", "log", "allow"].map(verdictName),
      h("span", { class: "muted" }, "gravest verdict at the place; area: attempts")),
    details);
}
