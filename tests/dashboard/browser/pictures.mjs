/* node pictures.mjs DIRECTORY: the README's pictures of the pages, over the tests' simulated month. */
import path from "node:path";
import { Scene } from "./scene.mjs";

const scene = await Scene.open();
try {
  const page = await scene.window({ height: 1000 });
  const pages = [["overview", "/?since=7d"], ["triage", "/triage?since=7d"], ["user", "/user/rosa"]];
  for (const [name, address] of pages) {
    await scene.go(page, address);
    await page.screenshot({ path: path.join(process.argv[2], `${name}.png`) });
  }
} finally {
  await scene.close();
}
