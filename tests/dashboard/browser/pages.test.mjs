/* Every page opened in both schemes, wide and narrow: nothing complains, nothing bars the way. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Scene } from "./scene.mjs";
import { eventually } from "./viewer.mjs";

/* Photographed at this size; narrower windows have to hold the page too. */
const SIZES = [["1440", { width: 1440, height: 900 }, [1440, 1280, 1024, 768]], ["390", { width: 390, height: 844 }, [390, 360, 320]]];

let scene;
let login;

before(async () => {
  scene = await Scene.open();
  const page = await scene.window();
  const answer = await page.request.get(`${scene.address}/api/queue?limit=1`);
  login = (await answer.json()).items[0].login;
  await page.context().close();
});

after(() => scene?.close());

/* name, address, what must be seen there for the page to have worked */
function pages() {
  return [
    ["overview", "/?since=7d", ".tile-value"],
    ["triage", "/triage", ".queue-row"],
    ["later", "/triage?view=later", ".empty"],
    ["decisions", "/triage?view=decisions", ".tabs"],
    ["logins", "/logins?verdict=log&order=risk", "table tbody tr"],
    ["login", `/login/${login.id}`, ".reasons li"],
    ["users", "/users?order=attempts", "table tbody tr"],
    ["user", `/user/${encodeURIComponent(login.user)}`, ".heatmap rect"],
    ["sources", "/sources?order=attempts", "table tbody tr"],
    ["source", `/source/${encodeURIComponent(login.ip)}`, "table tbody tr"],
    ["sessions", "/sessions?order=bytes", "table tbody tr"],
    ["alerts", "/alerts?state=all", "h2"],
    ["try", `/try?user=${encodeURIComponent(login.user)}&time=2026-03-01T03:00&ip=8.8.8.8`, ".verdict-line"],
    ["analyse", "/analyse", "input[type=file]"],
    ["model", "/model", ".curve polyline"],
    ["exceptions", "/exceptions", ".exception-form"],
  ];
}

for (const colorScheme of ["light", "dark"]) {
  for (const [size, viewport, widths] of SIZES) {
    describe(`${colorScheme}, ${size} pixels`, () => {
      let page;
      before(async () => {
        page = await scene.window({ ...viewport, colorScheme });
      });
      after(() => page.context().close());

      test("every page", async (t) => {
        for (const [name, address, proof] of pages()) {
          await t.test(name, async () => {
            page.complaints.length = 0;
            await scene.go(page, address);
            await page.locator(proof).first().waitFor();
            assert.equal(await page.locator(".problem").count(), 0, await page.locator(".problem").allTextContents().then(String));
            await scene.photograph(page, `${name}-${size}-${colorScheme}`);
            assert.deepEqual(await scene.barriers(page), []);
            for (const width of widths) {
              await page.setViewportSize({ ...viewport, width });
              await eventually(`${name} is no wider than a window of ${width}`,
                () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 10000);
            }
            await page.setViewportSize(viewport);
            assert.deepEqual(page.complaints, []);
          });
        }
      });
    });
  }

  test(`signing in, ${colorScheme}`, async () => {
    const page = await scene.window({ colorScheme, signIn: false });
    await scene.go(page, "/triage");
    await page.getByLabel("Password").waitFor();
    await scene.photograph(page, `sign-in-${colorScheme}`);
    assert.deepEqual(await scene.barriers(page), []);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });
}
