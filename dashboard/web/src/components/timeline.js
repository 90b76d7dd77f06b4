/*
 * A user's logins by time and risk. timeline(logins) → element; logins: [{time, id, risk, verdict,
 * reached}]. The shape tells the verdict besides the colour; logins that were not judged lie on the
 * ground line. Each mark links to its login, and a table below the chart is for keyboards.
 */
import { h, s } from "../lib/dom.js";
import { axisTime, counted, localTime, risk, utc } from "../lib/format.js";

const WIDE = { width: 900, height: 150 };
const NARROW = { width: 400, height: 190 };
const MARGIN = { left: 34, right: 10, top: 10, bottom: 22 };

const SHAPES = {
  deny: "M-4-4 4 4M4-4-4 4",
  "step-up": "M0-5 4.5 3.5H-4.5Z",
  log: "M-3.5-3.5H3.5V3.5H-3.5Z",
};

function mark(login, x, y) {
  const title = s("title", {}, `${localTime(new Date(login.time))} (${utc(new Date(login.time))}): ${login.verdict ?? "not judged"}, risk ${risk(login.risk)}`);
  const shape = SHAPES[login.verdict]
    ? s("path", { d: SHAPES[login.verdict], transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` })
    : s("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: login.reached === "attempt" ? 1.8 : 2.6 });
  return s("a", { href: `/login/${encodeURIComponent(login.id)}`, tabindex: "-1",
    class: `mark verdict-${login.verdict ?? "unknown"}${login.reached === "attempt" ? " failed" : ""}` }, title, shape);
}

export function timeline(logins) {
  if (logins.length === 0) return h("p", { class: "muted" }, "No login is in the store any more.");
  const { width, height } = matchMedia("(max-width: 640px)").matches ? NARROW : WIDE;
  const times = logins.map((login) => Date.parse(login.time));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const span = Math.max(1, last - first);
  const toX = (time) => MARGIN.left + ((time - first) / span) * (width - MARGIN.left - MARGIN.right);
  const toY = (value) => height - MARGIN.bottom - (value ?? 0) * (height - MARGIN.top - MARGIN.bottom);
  const stand = logins.filter((login) => login.verdict && login.verdict !== "allow").length;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => first + part * span);
  return h("figure", { class: "timeline" },
    s("svg", { viewBox: `0 0 ${width} ${height}`, role: "group",
      "aria-label": `Timeline of ${counted(logins.length, "login")}, ${stand} of them at or above log` },
    [0, 0.5, 1].map((tick) => [
      s("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: toY(tick), y2: toY(tick) }),
      s("text", { x: MARGIN.left - 6, y: toY(tick) + 4, "text-anchor": "end" }, tick.toFixed(1))]),
    ticks.map((time, i) => s("text", { x: toX(time), y: height - 5,
      "text-anchor": ["start", "middle", "middle", "middle", "end"][i] }, axisTime(new Date(time), span / 4000))),
    logins.map((login, i) => mark(login, toX(times[i]), toY(login.risk)))));
}
