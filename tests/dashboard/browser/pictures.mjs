/* The photographs of README.md, taken again: the simulated month, signed in, in a wide window. */
import path from "node:path";
import { Scene } from "./scene.mjs";

const scene = await Scene.open();
try {
  const page = await scene.window({ height: 960 });
  for (const [name, address, proof] of [
    ["overview", "/?since=7d", ".tile-value"],
    ["triage", "/triage", ".queue-row"],
    ["user", "/user/rosa", ".heatmap rect"],
  ]) {
    await scene.go(page, address);
    await page.locator(proof).first().waitFor();
    await page.screenshot({ path: path.join(process.env.PHOTOGRAPHS, `${name}.png`) });
  }
} finally {
  await scene.close();
}
