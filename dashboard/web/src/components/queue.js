/*
 * The triage queue as state without a screen: entries in order, which one is looked at, which are
 * selected, what was decided and can be undone.
 *
 * An entry is an item of /api/queue ({login, previous, travel, later}) with decided: null or {label, by,
 * time}. decide(ids, label, notes) and undo() talk to the service; both change entries only by what the
 * service applied, and run one after the other however fast the keys come.
 */
import { me } from "../lib/session.js";
import { judge } from "./judge.js";

export class Queue {
  entries = [];
  current = 0;
  selected = new Set();
  #undoable = [];
  #working = Promise.resolve();

  add(items) {
    const known = new Set(this.entries.map((entry) => entry.login.id));
    const fresh = items.filter((item) => !known.has(item.login.id));
    this.entries.push(...fresh.map((item) => ({ ...item, decided: null })));
  }

  get entry() {
    return this.entries[this.current] ?? null;
  }

  find(id) {
    return this.entries.find((entry) => entry.login.id === id) ?? null;
  }

  get left() {
    return this.entries.filter((entry) => !entry.decided).length;
  }

  get canUndo() {
    return this.#undoable.length > 0;
  }

  move(steps) {
    this.current = Math.max(0, Math.min(this.entries.length - 1, this.current + steps));
  }

  toggle(id) {
    if (!this.selected.delete(id)) this.selected.add(id);
  }

  /* Selects those that are not decided and fit; again: none of them. Returns how many fit. */
  select(fits) {
    const ids = this.entries.filter((entry) => !entry.decided && fits(entry.login)).map((entry) => entry.login.id);
    const all = ids.every((id) => this.selected.has(id));
    for (const id of ids) {
      if (all) this.selected.delete(id);
      else this.selected.add(id);
    }
    return ids.length;
  }

  /* The selected ones, or the one that is looked at. */
  chosen() {
    if (this.selected.size > 0) return [...this.selected];
    return this.entry ? [this.entry.login.id] : [];
  }

  mark(ids, label, by, time = new Date().toISOString()) {
    for (const id of ids) {
      const entry = this.find(id);
      if (entry) entry.decided = label === "none" ? null : { label, by, time };
    }
  }

  #toNextUndecided() {
    const after = this.entries.findIndex((entry, i) => i >= this.current && !entry.decided);
    const any = after >= 0 ? after : this.entries.findIndex((entry) => !entry.decided);
    if (any >= 0) this.current = any;
  }

  #inTurn(work) {
    const done = this.#working.then(work);
    this.#working = done.catch(() => {});
    return done;
  }

  /* Resolves to the ids that were applied. */
  decide(label, notes) {
    const ids = this.chosen();
    this.selected.clear();
    return this.#inTurn(async () => {
      if (ids.length === 0) return [];
      const { applied } = await judge(ids, label, notes);
      this.mark(applied, label, me());
      if (applied.length > 0) this.#undoable.push(applied);
      this.#toNextUndecided();
      return applied;
    });
  }

  /* Takes the last decision back; resolves to the ids it was about. */
  undo() {
    return this.#inTurn(async () => {
      const ids = this.#undoable.at(-1);
      if (!ids) return [];
      const { applied } = await judge(ids, "none");
      this.#undoable.pop();
      this.mark(applied, "none");
      const at = this.entries.findIndex((entry) => applied.includes(entry.login.id));
      if (at >= 0) this.current = at;
      return applied;
    });
  }
}
