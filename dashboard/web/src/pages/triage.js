/*
 * Triage: logins at or above log that nobody has judged, worst first. The keyboard does all of it; its
 * keys are in KEYS. On narrow screens what is known of a login unfolds below its row.
 */
import { get } from "../lib/api.js";
import { h, refill } from "../lib/dom.js";
import { count, counted } from "../lib/format.js";
import { bindKeys } from "../lib/keys.js";
import { onLive } from "../lib/live.js";
import { navigate } from "../lib/router.js";
import { isAnalyst } from "../lib/session.js";
import { filterBar } from "../components/filters.js";
import { decisionColumns } from "../components/decisions.js";
import { openDialog } from "../components/dialog.js";
import { judgeNotes } from "../components/judge.js";
import { pageHead } from "../components/layout.js";
import { exportLinks, pagedList } from "../components/list.js";
import { emptyState, load } from "../components/load.js";
import { loginPath } from "../components/login_columns.js";
import { Queue } from "../components/queue.js";
import { queueDetail, queueRow } from "../components/queue_list.js";
import { toast } from "../components/toast.js";

const PAGE = 50;
const NARROW = matchMedia("(max-width: 900px)");

const KEYS = [["j / k", "next, previous login"], ["l", "legitimate"], ["a", "attack"], ["s", "later"], ["u", "take the last decision back"],
  ["n", "write a note"],
  ["x", "select or not"], ["o", "open the login"], ["/", "go to a user, address or login"], ["?", "these keys"]];

function help() {
  openDialog("Keys", h("dl", { class: "keys" }, KEYS.map(([key, words]) =>
    h("div", {}, h("dt", {}, key.split(" / ").map((one, i) => [i > 0 && " ", h("kbd", {}, one)])), h("dd", {}, words)))));
}

function tabs(view) {
  const entries = [["", "To judge"], ["later", "Later"], ["decisions", "Decisions"]];
  return h("nav", { class: "tabs", "aria-label": "Parts of triage" }, entries.map(([name, words]) =>
    h("a", { href: name ? `/triage?view=${name}` : "/triage", "aria-current": name === view ? "page" : null }, words)));
}

function nothingLeft(later) {
  return later ? emptyState("Nothing was put off.", "“Later”, or the key ", h("kbd", {}, "s"), ", puts a login off until you come back to it here.")
    : emptyState("Nothing to judge.", "Every login at or above log has its label. New ones appear here as they happen; ",
      h("a", { href: "/model" }, "the model page"), " trains on what you said.");
}

/* The open queue: list, detail, keys. */
class TriageView {
  constructor(view, later) {
    this.view = view;
    this.later = later;
    this.queue = new Queue();
    this.notes = judgeNotes();
    this.total = 0;
    this.next = null;
    this.list = h("ul", { class: "queue", "aria-label": "Logins to judge" });
    this.detail = h("aside", { class: "panel detail", "aria-label": "The login that is looked at" });
    this.status = h("p", { class: "queue-status", role: "status" });
    this.fresh = h("p", { class: "fresh", role: "status" });
    this.moreBox = h("p", {});
    this.arrived = new Set();
    this.element = h("div", {});
  }

  async open() {
    await load(this.element, this.view.signal, () => this.fetch(null), (page) => this.take(page));
  }

  get query() {
    return { later: this.later ? 1 : 0, since: this.view.query.get("since") };
  }

  fetch(cursor) {
    return get("/api/queue", { ...this.query, limit: PAGE, cursor }, this.view.signal);
  }

  take(page) {
    this.total = page.total;
    this.next = page.next;
    this.queue.add(page.items);
    if (this.queue.entries.length === 0) return [this.fresh, nothingLeft(this.later)];
    this.columns = h("div", { class: "triage" }, h("div", {}, this.list, h("div", { class: "list-foot" }, this.moreBox, exportLinks("/api/queue", this.query))));
    this.draw();
    return [h("div", { class: "queue-bar" }, this.status, this.fresh,
      h("button", { type: "button", class: "quiet", onclick: help }, "Keys", h("kbd", { "aria-hidden": "true" }, "?"))),
    this.columns];
  }

  async more() {
    try {
      const page = await this.fetch(this.next);
      this.next = page.next;
      this.queue.add(page.items);
      this.draw();
    } catch (error) {
      this.failed(error);
    }
  }

  actions = {
    look: (at) => {
      this.queue.current = at;
      this.draw(true);
    },
    toggle: (id) => {
      this.queue.toggle(id);
      this.draw();
    },
    judge: (label) => (label === "none" ? this.undo() : this.judge(label)),
    selectAlike: (fits) => {
      this.queue.select(fits);
      this.draw();
    },
  };

  /* What has the focus as the elements are made anew: returns what gives it back. focus: the current row takes it. */
  keepFocus(focus) {
    const active = document.activeElement;
    const checked = active.closest(".queue-check")?.closest(".queue-row").dataset.id;
    const within = this.list.contains(active) || this.detail.contains(active);
    const inNotes = this.notes.element.contains(active);
    return (row) => {
      const box = checked && this.list.querySelector(`[data-id="${checked}"] .queue-check input`);
      const to = (inNotes && active) || box || ((focus || within) && row.querySelector(".queue-open"));
      if (to) to.focus({ preventScroll: true });
    };
  }

  draw(focus = false) {
    const { queue } = this;
    const giveBack = this.keepFocus(focus);
    refill(this.list, queue.entries.map((_, at) => queueRow(queue, at, this.actions)));
    refill(this.detail, queueDetail(queue, this.actions, this.notes.element));
    const row = this.list.children[queue.current];
    (NARROW.matches ? row : this.columns).append(this.detail);
    giveBack(row);
    row.scrollIntoView({ block: "nearest" });
    refill(this.status, this.words());
    refill(this.moreBox, this.next && h("button", { type: "button", class: "more", onclick: () => this.more() }, "Show more"));
  }

  words() {
    const { queue } = this;
    const left = this.later ? queue.left : Math.max(0, this.total - (queue.entries.length - queue.left));
    return [h("strong", {}, count(left), this.later && this.next && "+"), this.later ? " put off" : " to judge",
      queue.selected.size > 0 && [" · ", h("strong", {}, count(queue.selected.size)), " selected ",
        h("button", { type: "button", class: "quiet", onclick: () => {
          queue.selected.clear();
          this.draw();
        } }, "select none")]];
  }

  failed(error) {
    if (error.name !== "AbortError") toast(error.message, { bad: true });
  }

  async judge(label) {
    if (!isAnalyst()) return toast("Your role, viewer, may look but not judge.", { bad: true });
    try {
      const applied = await this.queue.decide(label, this.notes.value());
      this.notes = judgeNotes();
      this.draw();
      if (applied.length > 0) toast(`${counted(applied.length, "login")}: ${label}`, { action: "Undo", onAction: () => this.undo() });
    } catch (error) {
      this.failed(error);
    }
    return null;
  }

  async undo() {
    try {
      const ids = await this.queue.undo();
      this.draw();
      toast(ids.length > 0 ? `Taken back: ${counted(ids.length, "login")}` : "There is nothing to take back.");
    } catch (error) {
      this.failed(error);
    }
  }

  bind() {
    const step = (by) => () => {
      if (!this.queue.entry) return;
      this.queue.move(by);
      this.draw(true);
    };
    const some = (act) => () => this.queue.entry && act(this.queue.entry.login);
    bindKeys({
      j: step(1), k: step(-1), ArrowDown: step(1), ArrowUp: step(-1), "?": help,
      l: some(() => this.judge("legitimate")), a: some(() => this.judge("attack")), s: some(() => this.judge("later")),
      u: some(() => this.undo()), x: some((login) => isAnalyst() && this.actions.toggle(login.id)),
      o: some((login) => navigate(loginPath(login))), n: some(() => this.notes.element.querySelector("input").focus()),
    }, this.view.signal);
    NARROW.addEventListener("change", () => this.queue.entry && this.draw(), { signal: this.view.signal });
    onLive("login", this.view.signal, (login) => this.announce(login));
    onLive("label", this.view.signal, (label) => this.labelled(label));
  }

  announce(login) {
    if (login.label) this.labelled({ id: login.id, label: login.label, ...login.labelled });
    if (this.later || this.queue.find(login.id) || login.label) return;
    this.arrived.add(login.id);
    refill(this.fresh, h("button", { type: "button", onclick: () => navigate(location.href, { replace: true }) },
      `Show ${counted(this.arrived.size, "new login")}`));
  }

  /* Somebody else judged it, or this one on another screen. */
  labelled(label) {
    const entry = this.queue.find(label.id);
    if (!entry || entry.decided?.label === label.label) return;
    this.queue.mark([label.id], label.label ?? "none", label.by ?? "somebody else", label.time);
    this.draw();
  }
}

export default {
  title: () => "Triage",

  show(view) {
    const part = view.query.get("view") ?? "";
    const body = h("div", {});
    const range = part === "decisions" ? [] : [filterBar([{ type: "range", name: "since", label: "Time", any: true, open: true }], view.query, "Range of time")];
    refill(view.root, pageHead("Triage", ...range), tabs(part), body);
    if (part === "decisions") {
      body.append(pagedList({ view, path: "/api/decisions", query: {}, caption: "Decisions", columns: decisionColumns(),
        empty: () => emptyState("Nobody has decided anything yet.", "Labels that are given here or with ", h("code", {}, "anomalyctl label"), " are listed with who gave them and when.") }));
      return;
    }
    const triage = new TriageView(view, part === "later");
    body.append(triage.element);
    triage.bind();
    triage.open();
  },
};
