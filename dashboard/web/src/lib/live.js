/*
 * What happens now: events "login", "label", "alert" and "state" of /api/live, whose data is JSON, on
 * one connection for the whole page. onStatus("live" | "waiting") says whether it holds.
 */
const EVENTS = ["login", "label", "alert", "state"];
const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 60000;

const target = new EventTarget();
let source = null;
let wait = FIRST_WAIT_MS;
let timer = 0;

export function startLive(onStatus) {
  stopLive();
  source = new EventSource("/api/live?verdict=log");
  source.addEventListener("open", () => {
    wait = FIRST_WAIT_MS;
    onStatus("live");
  });
  source.addEventListener("error", () => {
    onStatus("waiting");
    /* The browser reconnects by itself unless the answer was no stream at all. */
    if (source?.readyState !== EventSource.CLOSED) return;
    timer = setTimeout(() => startLive(onStatus), wait);
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  });
  for (const name of EVENTS) {
    source.addEventListener(name, (event) => {
      target.dispatchEvent(new CustomEvent(name, { detail: JSON.parse(event.data) }));
    });
  }
}

export function stopLive() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

/* handle(data) for each event of that name until the signal aborts. */
export function onLive(name, signal, handle) {
  target.addEventListener(name, (event) => handle(event.detail), { signal });
}
