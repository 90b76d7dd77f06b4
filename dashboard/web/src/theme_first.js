/* The theme somebody chose, before the first paint; without a choice the system's holds. */
import { applyTheme, chosenTheme } from "./lib/theme.js";

applyTheme(chosenTheme());
