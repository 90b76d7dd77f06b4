/*
 * What is said here goes through anomalyd, which writes it to the store a moment later.
 *
 * settled(ask, holds, signal): asks until holds(answer), some seconds long. Whether it came to hold:
 * when not, anomalyd is not running or far behind.
 */
const WAITS_MS = [50, 100, 200, 400, 800, 1600, 1600];

export async function settled(ask, holds, signal) {
  for (const wait of WAITS_MS) {
    if (signal.aborted) return false;
    if (holds(await ask())) return true;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return false;
}

export const NOT_YET = "It was noted, but anomalyd has not taken it up yet: the overview says whether it runs.";
