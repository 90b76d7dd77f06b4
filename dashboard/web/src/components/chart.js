/*
 * Time series on a canvas by uPlot, with a sentence and a table for those who do not see it.
 *
 * timeChart({title, times, series, signal, height, sync, bars, summary}) → element. times: epoch
 * seconds; series: [{name, colour (a custom property), values, fill, dash}]; bars: stacked columns
 * instead of lines; sync: charts of one name share their cursor. The signal frees what it holds.
 */
import uPlot from "uplot";
import { h, refill } from "../lib/dom.js";
import { axisTime, compact, count, moment } from "../lib/format.js";
import { colour } from "../lib/theme.js";
import { table } from "./table.js";

/* Each series on top of those before it. */
function stacked(series) {
  const sum = new Array(series[0].values.length).fill(0);
  return series.map((one) => one.values.map((value, i) => {
    sum[i] += value ?? 0;
    return sum[i];
  }));
}

function legend(series) {
  const values = series.map(() => h("span", { class: "legend-value" }));
  const element = h("div", { class: "legend", "aria-hidden": "true" }, series.map((one, i) => h("span", {},
    h("span", { class: `swatch${one.dash ? " dashed" : ""}`, style: { "--swatch": `var(--${one.colour})`,
      borderColor: `var(--${one.colour})`, backgroundColor: one.dash ? "transparent" : `var(--${one.colour})` } }),
    one.name, " ", values[i])));
  return {
    element,
    show: (at) => values.forEach((value, i) => refill(value,
      count(at === null ? series[i].values.reduce((a, b) => a + (b ?? 0), 0) : series[i].values[at]))),
  };
}

function options({ times, series, height, sync, bars }, width, onCursor) {
  const axis = { stroke: colour("muted"), font: "12px system-ui, sans-serif",
    grid: { stroke: colour("line-soft"), width: 1 }, ticks: { show: false } };
  /* The newest column begins where the last moment is, and has its width too. */
  const step = times.length > 1 ? times[1] - times[0] : 1;
  const columns = bars ? uPlot.paths.bars({ size: [0.8, 24], align: 1 }) : undefined;
  return {
    width,
    height,
    legend: { show: false },
    cursor: { sync: sync ? { key: sync } : undefined, points: { show: !bars }, drag: { x: false, y: false } },
    scales: { x: { range: (_, low, high) => [low, high + step] }, y: { range: (_, low, high) => [0, Math.max(high * 1.05, 4)] } },
    axes: [{ ...axis, space: 74, size: 26, values: (_, ticks, _axis, _space, step) => ticks.map((tick) =>
      axisTime(new Date(1000 * tick), step)) }, { ...axis, size: 42, values: (_, ticks) => ticks.map((tick) =>
      (Number.isInteger(tick) ? compact(tick) : "")) }],
    series: [{}, ...series.map((one) => ({
      stroke: colour(one.colour),
      width: bars ? 0 : 1.5,
      dash: one.dash,
      fill: bars || one.fill ? colour(one.fill ?? one.colour) : undefined,
      paths: columns,
      points: { show: times.length < 3 },
    }))],
    hooks: { setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)] },
  };
}

export function timeChart(chart) {
  const { title, times, series, signal, bars, summary } = chart;
  const key = legend(series);
  const canvas = h("div", { class: "plot", role: "img", "aria-label": `${title}: ${summary}` });
  const data = bars ? stacked(series).reverse() : series.map((one) => one.values);
  const drawn = bars ? [...series].reverse() : series;
  let plot = null;

  function draw() {
    if (canvas.clientWidth === 0) return;
    plot?.destroy();
    plot = new uPlot(options({ ...chart, series: drawn, height: chart.height ?? 180 }, canvas.clientWidth,
      key.show), [times, ...data], canvas);
  }
  const observer = new ResizeObserver(() => {
    if (!plot) draw();
    else if (canvas.clientWidth > 0) plot.setSize({ width: canvas.clientWidth, height: chart.height ?? 180 });
  });
  observer.observe(canvas);
  document.addEventListener("themechange", draw, { signal });
  signal.addEventListener("abort", () => {
    observer.disconnect();
    plot?.destroy();
  });
  key.show(null);

  const rows = times.map((time, i) => ({ time, i })).reverse();
  const numbers = h("details", { class: "as-table", ontoggle: () => {
    if (!numbers.open || numbers.querySelector("table")) return;
    numbers.append(h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
      table(title, [{ label: "From", cell: ({ time }) => moment(new Date(1000 * time).toISOString()) },
        ...series.map((one) => ({ label: one.name, number: true, cell: ({ i }) => count(one.values[i]) }))], rows)));
  } }, h("summary", {}, "As a table"));
  return h("figure", { class: "chart" }, h("figcaption", {}, h("h3", {}, title), key.element), canvas, numbers);
}
