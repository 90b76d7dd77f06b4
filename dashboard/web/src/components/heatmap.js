/*
 * A user's habitual hours: 168 counts, Monday's midnight first, as seven rows of 24 cells. The same in
 * words for those who do not see it, and each cell's numbers when it is pointed at.
 */
import { h, s } from "../lib/dom.js";
import { counted } from "../lib/format.js";

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const CELL_WIDTH = 24;
const CELL_HEIGHT = 18;
const LEFT = 46;
const TOP = 18;
const LEVELS = 5;

function hour(at) {
  return `${String(at).padStart(2, "0")}:00`;
}

/* "Mostly on Monday to Friday, 08:00–18:00": the days and hours that hold most of the logins. */
function words(hours, total) {
  if (total === 0) return "No login has been learned yet.";
  const days = DAYS.map((name, day) => ({ name, sum: hours.slice(24 * day, 24 * day + 24).reduce((a, b) => a + b, 0) }));
  const busy = days.filter((day) => day.sum >= total / 14).map((day) => day.name);
  const onDays = busy.length === DAYS.length ? "every day" : busy.join(", ") || "none stands out";
  const byHour = Array.from({ length: 24 }, (_, at) => DAYS.reduce((sum, _day, day) => sum + hours[24 * day + at], 0));
  const usual = byHour.map((sum, at) => ({ sum, at })).filter(({ sum }) => sum >= total / 48).map(({ at }) => at);
  const peak = byHour.indexOf(Math.max(...byHour));
  return `${counted(total, "learned login")}. Days: ${onDays}. `
    + `Hours: ${spans(usual)}; most at ${hour(peak)}.`;
}

function spans(hours) {
  const runs = [];
  for (const at of hours) {
    const last = runs.at(-1);
    if (last && last[1] === at - 1) last[1] = at;
    else runs.push([at, at]);
  }
  return runs.map(([from, to]) => `${hour(from)}–${hour((to + 1) % 24)}`).join(", ") || "none stands out";
}

function level(value, most) {
  return value === 0 ? 0 : Math.max(1, Math.ceil((LEVELS * Math.sqrt(value)) / Math.sqrt(most)));
}

export function weekHeatmap(hours) {
  const total = hours.reduce((a, b) => a + b, 0);
  const most = Math.max(1, ...hours);
  const cells = hours.map((value, i) => {
    const [day, at] = [Math.floor(i / 24), i % 24];
    return s("rect", { x: LEFT + at * CELL_WIDTH + 1, y: TOP + day * CELL_HEIGHT + 1, width: CELL_WIDTH - 2,
      height: CELL_HEIGHT - 2, rx: 2, class: `heat heat-${level(value, most)}` },
    s("title", {}, `${DAYS[day]} ${hour(at)}: ${counted(Math.round(10 * value) / 10, "login")}`));
  });
  const names = DAYS.map((name, day) => s("text", { x: LEFT - 6, y: TOP + day * CELL_HEIGHT + 13, "text-anchor": "end" },
    name.slice(0, 3)));
  const marks = [0, 6, 12, 18].map((at) => s("text", { x: LEFT + at * CELL_WIDTH + 1, y: 12 }, hour(at)));
  return h("figure", { class: "heatmap" },
    s("svg", { viewBox: `0 0 ${LEFT + 24 * CELL_WIDTH} ${TOP + 7 * CELL_HEIGHT}`, role: "img",
      "aria-label": `Habitual hours. ${words(hours, total)}` }, names, marks, cells),
    h("figcaption", {}, words(hours, total)));
}
