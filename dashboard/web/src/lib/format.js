/*
 * Values as people read them, in the viewer's language and zone. A value that is not known is "–".
 */
import { h } from "./dom.js";

export const NONE = "–";

const integers = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const shortNumbers = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const regions = new Intl.DisplayNames(undefined, { type: "region", fallback: "code" });

function known(value) {
  return value !== null && value !== undefined && !Number.isNaN(value);
}

export function count(value) {
  return known(value) ? integers.format(value) : NONE;
}

export function compact(value) {
  return known(value) ? shortNumbers.format(value) : NONE;
}

export function percent(share, digits = 1) {
  return known(share) ? `${(100 * share).toFixed(digits)} %` : NONE;
}

/* A probability with three digits, and never 1.000 or 0.000 for one that is neither. */
export function risk(value) {
  if (!known(value)) return NONE;
  if (value > 0 && value < 0.0005) return "<0.001";
  return value < 1 && value > 0.9995 ? "0.999" : value.toFixed(3);
}

export function bytes(value) {
  if (!known(value)) return NONE;
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let unit = 0;
  let scaled = value;
  while (scaled >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  return `${scaled >= 100 || unit === 0 ? scaled.toFixed(0) : scaled.toFixed(1)} ${units[unit]}`;
}

export function duration(seconds) {
  if (!known(seconds)) return NONE;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 2 * 86400) return `${(seconds / 3600).toFixed(1).replace(".0", "")} h`;
  return `${Math.round(seconds / 86400)} days`;
}

export function distance(km) {
  return known(km) ? `${integers.format(km)} km` : NONE;
}

export function countryName(code) {
  if (!code) return "";
  try {
    return regions.of(code) ?? code;
  } catch {
    return code; /* a history may call a country anything */
  }
}

/* "Frankfurt am Main, Germany", as much of it as is known; "" for no place at all. */
export function place(of) {
  return [of?.city, countryName(of?.country)].filter(Boolean).join(", ");
}

export function network(asn) {
  return asn ? `AS${asn}` : "";
}

function pad(number) {
  return String(number).padStart(2, "0");
}

export function utc(date) {
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/* The clock alone for today, the day before it otherwise, the year when it is another one. */
export function localTime(date, seconds = false) {
  const now = new Date();
  const time = seconds ? `${clock.format(date)}:${pad(date.getSeconds())}` : clock.format(date);
  if (date.toDateString() === now.toDateString()) return time;
  const format = date.getFullYear() === now.getFullYear() ? day : dayAndYear;
  return `${format.format(date)}, ${time}`;
}

/* A tick of a time axis whose ticks are so many seconds apart. */
export function axisTime(date, step_s) {
  const midnight = date.getHours() === 0 && date.getMinutes() === 0;
  return step_s >= 86400 || midnight ? day.format(date) : clock.format(date);
}

export function ago(date) {
  const seconds = (Date.now() - date.getTime()) / 1000;
  if (seconds < 0) return `in ${duration(-seconds)}`;
  return seconds < 5 ? "just now" : `${duration(seconds)} ago`;
}

/* An element with the local time; UTC when it is pointed at. */
export function moment(text, { seconds = false, relative = false } = {}) {
  const date = text ? new Date(text) : null;
  if (!date || Number.isNaN(date.getTime())) return NONE;
  const shown = relative ? ago(date) : localTime(date, seconds);
  const title = relative ? `${localTime(date, true)} · ${utc(date)}` : utc(date);
  return h("time", { datetime: date.toISOString(), title }, shown);
}

/* "1 login", "2 logins". */
export function counted(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}
