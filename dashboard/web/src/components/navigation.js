/*
 * The way around: pages, a box that goes to a user, address or login, whether live events arrive, the
 * theme, who is signed in. navigation(session, onLeave) → {element, current(path), live(status), stop()}.
 */
import { get } from "../lib/api.js";
import { h, refill } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { bindKeys } from "../lib/keys.js";
import { onLive } from "../lib/live.js";
import { navigate } from "../lib/router.js";
import { chosenTheme, nextTheme } from "../lib/theme.js";
import { icon } from "./icons.js";

const QUEUE_REFRESH_MS = 60000;

const GROUPS = [
  ["Watch", [["/", "Overview", "overview"], ["/triage", "Triage", "triage"], ["/alerts", "Alerts", "alerts"]]],
  ["Look up", [["/logins", "Logins", "logins"], ["/users", "Users", "users"], ["/sources", "Sources", "sources"],
    ["/sessions", "Sessions", "sessions"]]],
  ["Work", [["/exceptions", "Exceptions", "exceptions"], ["/model", "Model", "model"], ["/try", "Try a login", "try"],
    ["/analyse", "Analyse a file", "analyse"]]],
];

/* Which entry a page belongs to: one user is under "Users". */
function entryOf(path) {
  const singles = { login: "/logins", user: "/users", source: "/sources", dashboard: "/" };
  const first = path.split("/")[1] ?? "";
  return singles[first] ?? `/${first}`;
}

/* Where a text leads: an address, a login's id, otherwise a user's name. */
export function jumpTarget(text) {
  const name = encodeURIComponent(text);
  if (/^[0-9]{1,3}(\.[0-9]{1,3}){3}$/.test(text) || /^[0-9a-f:]*:[0-9a-f:.]+$/i.test(text)) return `/source/${name}`;
  if (/^[0-9][0-9a-hjkmnp-tv-z]{19}$/.test(text)) return `/login/${name}`;
  return `/user/${name}`;
}

function jumpBox() {
  const input = h("input", { type: "search", name: "jump", placeholder: "Find user, IP, login",
    "aria-label": "Go to a user, address or login", autocomplete: "off", spellcheck: "false" });
  return h("form", { class: "jump", role: "search", "aria-label": "Go to", onsubmit: (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    input.blur();
    navigate(jumpTarget(text));
  } }, input, h("kbd", { "aria-hidden": "true" }, "/"));
}

function themeButton() {
  const words = () => `Theme: ${chosenTheme()}`;
  const button = h("button", { type: "button", class: "quiet", onclick: () => {
    nextTheme();
    refill(button, icon("theme"), words());
  } }, icon("theme"), words());
  return button;
}

export function navigation(session, onLeave) {
  const abort = new AbortController();
  const waiting = h("span", { class: "queue-count", hidden: true });
  const liveText = h("span", {}, "connecting");
  const liveBox = h("p", { class: "live waiting", role: "status" }, h("span", { class: "dot", "aria-hidden": "true" }), liveText);
  const links = GROUPS.flatMap(([, entries]) => entries).map(([path, words, drawing]) => [path,
    h("a", { href: path }, icon(drawing), h("span", {}, words), path === "/triage" && waiting)]);
  const linkOf = new Map(links);
  const body = h("div", { class: "nav-body", id: "nav-body" },
    h("nav", { "aria-label": "Pages" }, GROUPS.map(([name, entries]) => h("div", { class: "nav-group" },
      h("p", { class: "nav-title" }, name),
      h("ul", {}, entries.map(([path]) => h("li", {}, linkOf.get(path))))))),
    h("div", { class: "nav-foot" }, liveBox, themeButton(),
      h("p", { class: "who" }, session.user, h("span", { class: "sub" }, session.role)),
      h("button", { type: "button", class: "quiet", onclick: onLeave }, icon("leave"), "Sign out")));
  const menu = h("button", { type: "button", class: "menu quiet", "aria-expanded": "false", "aria-controls": "nav-body",
    onclick: () => open(menu.getAttribute("aria-expanded") !== "true") }, icon("menu"), "Menu");
  const element = h("header", { class: "nav" },
    h("div", { class: "nav-top" }, h("a", { class: "brand", href: "/" }, icon("model"), "pam_anomaly"), menu),
    jumpBox(), body);

  function open(shown) {
    menu.setAttribute("aria-expanded", String(shown));
    element.classList.toggle("shown", shown);
  }

  async function countQueue() {
    try {
      const queue = await get("/api/queue", { limit: 1 }, abort.signal);
      waiting.hidden = !queue.total;
      refill(waiting, count(queue.total), h("span", { class: "unseen" }, " to judge"));
    } catch {
      waiting.hidden = true; /* the page itself says what is wrong */
    }
  }
  countQueue();
  const timer = setInterval(countQueue, QUEUE_REFRESH_MS);
  let soon = 0;
  const countSoon = () => {
    clearTimeout(soon);
    soon = setTimeout(countQueue, 1000);
  };
  onLive("login", abort.signal, countSoon);
  onLive("label", abort.signal, countSoon);
  document.addEventListener("queuechange", countSoon, { signal: abort.signal });
  bindKeys({ "/": () => element.querySelector(".jump input").focus() }, abort.signal);

  return {
    element,
    current(path) {
      const entry = entryOf(path);
      for (const [to, link] of links) {
        if (to === entry) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
      open(false);
    },
    live(status) {
      liveBox.className = `live ${status}`;
      refill(liveText, status === "live" ? "live" : "reconnecting");
    },
    stop() {
      clearInterval(timer);
      clearTimeout(soon);
      abort.abort();
    },
  };
}
