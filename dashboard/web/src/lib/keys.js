/*
 * Keys without modifiers, while nothing is being typed. bindKeys({j: handle, …}, signal): handle(event)
 * runs until the signal aborts; the key does nothing else then.
 */
function typing(element) {
  return element?.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
}

/* A button or link that has the focus keeps Enter and Space. */
function taken(event) {
  return ["Enter", " "].includes(event.key) && event.target.closest?.("a, button, summary, input");
}

export function bindKeys(handlers, signal) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target) || taken(event) || document.querySelector("dialog[open]")) return;
    const handle = handlers[event.key];
    if (!handle) return;
    event.preventDefault();
    handle(event);
  }, { signal });
}
