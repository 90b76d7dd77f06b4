/*
 * Light or dark: "light", "dark" or "system", kept in this browser. A change is told by the event
 * "themechange" on document, for what paints with colours it has read (canvases).
 */
const KEY = "theme";
const CHOICES = ["system", "light", "dark"];

export function chosenTheme() {
  try {
    const kept = localStorage.getItem(KEY);
    return CHOICES.includes(kept) ? kept : "system";
  } catch {
    return "system"; /* storage can be forbidden: the system's theme is a good one */
  }
}

export function applyTheme(choice) {
  if (choice === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  document.dispatchEvent(new CustomEvent("themechange"));
}

/* Chooses the next one and returns it. */
export function nextTheme() {
  const choice = CHOICES[(CHOICES.indexOf(chosenTheme()) + 1) % CHOICES.length];
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    /* holds for this page only */
  }
  applyTheme(choice);
  return choice;
}

/* The value of a custom property, as the theme has it now. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  document.dispatchEvent(new CustomEvent("themechange"));
});
