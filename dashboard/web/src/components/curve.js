/*
 * Small line charts of shares as SVG: recall curves, reliability. lineChart({title, lines, x, y,
 * diagonal}) → element. lines: [{name, points: [[x, y]], class}]; x and y: {label, low, high, ticks,
 * log, format}; diagonal: the line on which a perfect one lies.
 */
import { h, s } from "../lib/dom.js";

const WIDTH = 420;
const HEIGHT = 260;
const MARGIN = { left: 46, right: 26, top: 12, bottom: 40 };

function scale(axis, from, to) {
  const of = axis.log ? Math.log10 : (value) => value;
  const [low, high] = [of(axis.low), of(axis.high)];
  return (value) => from + ((of(Math.min(axis.high, Math.max(axis.low, value))) - low) / (high - low)) * (to - from);
}

function axes(x, y, toX, toY) {
  const bottom = HEIGHT - MARGIN.bottom;
  return [
    y.ticks.map((tick) => [
      s("line", { class: "grid", x1: MARGIN.left, x2: WIDTH - MARGIN.right, y1: toY(tick), y2: toY(tick) }),
      s("text", { x: MARGIN.left - 6, y: toY(tick) + 4, "text-anchor": "end" }, y.format(tick))]),
    x.ticks.map((tick) => s("text", { x: toX(tick), y: bottom + 16, "text-anchor": "middle" }, x.format(tick))),
    s("text", { class: "axis-label", x: (MARGIN.left + WIDTH) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, x.label),
  ];
}

export function lineChart({ title, lines, x, y, diagonal, words }) {
  const toX = scale(x, MARGIN.left, WIDTH - MARGIN.right);
  const toY = scale(y, HEIGHT - MARGIN.bottom, MARGIN.top);
  const drawn = lines.map((line, i) => s("g", { class: `line line-${line.class ?? i}` },
    s("polyline", { points: line.points.map(([a, b]) => `${toX(a).toFixed(1)},${toY(b).toFixed(1)}`).join(" ") }),
    line.marks && line.points.map(([a, b, note]) => s("circle", { cx: toX(a), cy: toY(b), r: 3.5 },
      s("title", {}, note ?? `${x.format(a)}, ${y.format(b)}`)))));
  return h("figure", { class: "curve" },
    h("p", { class: "axis-name", "aria-hidden": "true" }, `↑ ${y.label}`),
    s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}. ${words}` },
      axes(x, y, toX, toY),
      diagonal && s("line", { class: "diagonal", x1: toX(x.low), y1: toY(y.low), x2: toX(x.high), y2: toY(y.high) }),
      drawn),
    lines.length > 1 && h("figcaption", { class: "legend" }, lines.map((line, i) => h("span", {},
      s("svg", { class: "swatch-line", viewBox: "0 0 24 6", "aria-hidden": "true" },
        s("g", { class: `line-${line.class ?? i}` }, s("polyline", { points: "0,3 24,3" }))), line.name))));
}
