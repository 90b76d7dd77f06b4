/* The pages in use: keys, filters, forms; what they change is looked up in the store. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { Scene } from "./scene.mjs";
import { eventually } from "./viewer.mjs";

let scene;
let page;

before(async () => {
  scene = await Scene.open();
  page = await scene.window();
});

after(() => scene?.close());

beforeEach(() => {
  page.complaints.length = 0;
});

function label(id) {
  return scene.ctl("show", "login", id).label ?? "none";
}

function stored(id, wanted) {
  return eventually(`the store calls ${id} ${wanted}`, () => label(id) === wanted);
}

async function rows() {
  return page.locator(".queue-row").evaluateAll((all) => all.map((row) => row.dataset.id));
}

test("the keys of triage label logins in the store, and take it back", async () => {
  await scene.go(page, "/triage");
  const [first, second, third] = await rows();
  await page.keyboard.press("a");
  await page.locator(`[data-id="${first}"] .label-attack`).waitFor();
  await stored(first, "attack");

  await page.locator(`[data-id="${second}"].current`).waitFor();
  await page.keyboard.press("j");
  await page.locator(`[data-id="${third}"].current`).waitFor();
  await page.keyboard.press("l");
  await page.locator(`[data-id="${third}"] .label-legitimate`).waitFor();
  await stored(third, "legitimate");

  await page.keyboard.press("u");
  await page.locator(`[data-id="${third}"] .label-legitimate`).waitFor({ state: "detached" });
  await stored(third, "none");
  assert.equal(label(first), "attack");
  assert.deepEqual(page.complaints, []);
});

test("a decision is listed with who made it", async () => {
  await scene.go(page, "/triage?view=decisions");
  const row = page.locator("tbody tr", { hasText: "attack" }).first();
  await row.waitFor();
  assert.match(await row.textContent(), /bootstrap/);
});

test("several at once, and put off until later", async () => {
  await scene.go(page, "/triage");
  const ids = (await rows()).slice(0, 3);
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.locator(".queue-status", { hasText: "2 selected" }).waitFor();
  await page.keyboard.press("l");
  await stored(ids[0], "legitimate");
  await stored(ids[1], "legitimate");

  await page.keyboard.press("s");
  await page.locator(`[data-id="${ids[2]}"] .label-later`).waitFor();
  await eventually("it is among those put off", async () => {
    await scene.go(page, "/triage?view=later");
    return (await page.locator(`[data-id="${ids[2]}"]`).count()) === 1;
  });
  assert.deepEqual(page.complaints, []);
});

test("a note goes with a label, and the keyboard stays where it was", async () => {
  await scene.go(page, "/triage");
  const [first, second] = await rows();
  await page.locator(`[data-id="${second}"] input`).focus();
  await page.keyboard.press("Space");
  await page.locator(".queue-status", { hasText: "1 selected" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.closest(".queue-row").dataset.id), second);
  await page.keyboard.press("Space");
  await page.locator(".queue-status", { hasText: "selected" }).waitFor({ state: "detached" });

  await page.keyboard.press("n");
  await page.keyboard.type("asked her: all well\n");
  await page.keyboard.press("a");
  await stored(first, "attack");
  assert.equal(scene.ctl("show", "login", first).labelled.why, "asked her: all well");
  await page.locator(`[data-id="${second}"].current`).waitFor();
  await page.keyboard.press("o");
  await page.waitForURL(`**/login/${second}`);
  assert.deepEqual(page.complaints, []);
});

test("a colleague's label shows within two seconds", async () => {
  await scene.go(page, "/triage");
  await page.locator(".live.live").waitFor();
  const colleague = await scene.window();
  const took = [];
  /* A machine under load may stall: what counts is the best. */
  for (const id of (await rows()).slice(1, 4)) {
    await scene.go(colleague, `/login/${id}`);
    const began = Date.now();
    await colleague.getByRole("button", { name: "Attack" }).click();
    await page.locator(`[data-id="${id}"] .label-attack`).waitFor();
    took.push(Date.now() - began);
    await colleague.getByRole("cell", { name: "attack" }).waitFor();
  }
  assert.ok(Math.min(...took) < 2000, took.join());
  assert.deepEqual(colleague.complaints, []);
  await colleague.context().close();
});

test("filters live in the address", async () => {
  await scene.go(page, "/logins");
  const user = await page.locator("tbody a[href^='/user/']").first().textContent();
  await page.getByLabel("User", { exact: true }).fill(user);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("user") === user);
  await page.getByLabel("Verdict", { exact: true }).selectOption("log");
  await page.waitForURL((url) => url.searchParams.get("verdict") === "log");
  await scene.settled(page);
  const names = await page.locator("tbody a[href^='/user/']").allTextContents();
  assert.ok(names.every((name) => name === user), names.join());
  await page.goBack();
  await scene.settled(page);
  assert.equal(await page.getByLabel("Verdict", { exact: true }).inputValue(), "");
  assert.deepEqual(page.complaints, []);
});

test("the box at the side leads to users and addresses", async () => {
  await scene.go(page, "/");
  await page.keyboard.press("/");
  await page.keyboard.type("root\n");
  await page.getByRole("heading", { name: "root", level: 1 }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/user/root");
  await page.keyboard.press("/");
  await page.keyboard.type("192.0.2.77\n");
  await page.waitForURL("**/source/192.0.2.77");
});

test("everything of a page can be reached with Tab alone", async () => {
  await scene.go(page, "/users");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.name), "search");
});

test("a theme that was chosen stays", async () => {
  await scene.go(page, "/users");
  await page.getByRole("button", { name: "Theme: system" }).click();
  await page.getByRole("button", { name: "Theme: light" }).click();
  await scene.go(page, "/users");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await page.getByRole("button", { name: "Theme: dark" }).click();
});

test("a login is tried, and nothing is stored", async () => {
  const { logins } = await (await page.request.get(`${scene.address}/api/state`)).json().then(({ store }) => store);
  await scene.go(page, "/try");
  await page.getByLabel("User (needed)").fill("root");
  await page.getByLabel("Address", { exact: true }).fill("8.8.8.8");
  await page.getByRole("button", { name: "Ask the model" }).click();
  await page.locator(".verdict-line .badge").waitFor();
  const after_ = await (await page.request.get(`${scene.address}/api/state`)).json();
  assert.equal(after_.store.logins, logins);
  assert.deepEqual(page.complaints, []);
});

test("a file is analysed, and HTML in its names stays text", async () => {
  await scene.go(page, "/analyse");
  const name = "<img src=x onerror=alert(1)>";
  const lines = ["time,user,ip,method,success"];
  for (let i = 0; i < 30; i++) lines.push(`2026-02-0${1 + (i % 9)}T03:0${i % 10}:00Z,${name},203.0.113.${i},password,0`);
  await page.locator("input[type=file]").setInputFiles({ name: "logins.csv", mimeType: "text/csv", buffer: Buffer.from(lines.join("\n")) });
  await page.getByRole("button", { name: "Analyse" }).click();
  await page.getByRole("heading", { name: "What the file holds" }).waitFor();
  await scene.settled(page);
  assert.equal(await page.locator("tbody a", { hasText: name }).first().textContent(), name);
  assert.equal(await page.locator("main img").count(), 0);
  await scene.photograph(page, "analysed");
  await page.getByRole("button", { name: "Throw it away" }).click();
  await page.locator("input[type=file]").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("an analysed history enters the store once an analyst has said so twice", async () => {
  await scene.go(page, "/analyse");
  const lines = ["time,user,ip,method,success"];
  for (let i = 0; i < 20; i++) lines.push(`2026-02-${10 + (i % 9)}T0${i % 10}:00:00Z,newcomer,203.0.113.${i},password,1`);
  await page.locator("input[type=file]").setInputFiles({ name: "newcomer.csv", mimeType: "text/csv", buffer: Buffer.from(lines.join("\n")) });
  await page.getByRole("button", { name: "Analyse" }).click();
  const enter = page.getByRole("button", { name: "Enter into the store…" });
  await enter.click();
  const dialog = page.getByRole("dialog", { name: "Enter into the store" });
  await dialog.getByText("It cannot be taken back.").waitFor();
  await dialog.getByText("newcomer.csv").waitFor();
  assert.deepEqual(await scene.barriers(page), []);
  await scene.photograph(page, "import-asked");
  await dialog.getByRole("button", { name: "Leave it" }).click();
  assert.equal(scene.ctl("logins", "--user", "newcomer").logins.length, 0);

  await enter.click();
  await dialog.getByRole("button", { name: "Enter 20 rows" }).click();
  await page.getByText("It is in the store.").waitFor({ timeout: 60000 });
  assert.equal(scene.ctl("logins", "--user", "newcomer").logins.length, 20);
  assert.equal(await enter.count(), 0);
  assert.deepEqual(await scene.barriers(page), []);
  await scene.photograph(page, "import-done");
  await scene.go(page, "/triage?view=decisions");
  await page.getByText("import of newcomer.csv: done").waitFor();
  assert.deepEqual(page.complaints, []);
});

/* Connections, of which one in fifty moves much to a rare port. */
function connections(rows, note = "") {
  const lines = ["proto,port,bytes_out,seconds,note"];
  for (let i = 0; i < rows; i++) {
    const odd = i % 50 === 49;
    lines.push([odd ? "gre" : ["tcp", "udp"][i % 2], odd ? 4444 : [53, 80, 443][i % 3], odd ? 9e8 + i : 100 + (i * 37) % 900, (i * 13) % 60, odd ? note : ""].join(","));
  }
  return lines.join("\n");
}

test("a table is judged by a model of its like, and HTML in its cells stays text", async () => {
  await scene.go(page, "/analyse");
  await page.getByLabel("Format").selectOption("table");
  await page.getByText("No model of a table is here yet.").waitFor();
  await scene.settled(page);
  await scene.photograph(page, "analyse-no-model");

  const models = path.join(scene.store, "table_models");
  mkdirSync(models);
  writeFileSync(path.join(scene.root, "known.csv"), connections(2000));
  scene.trainer(["table", "--train", path.join(scene.root, "known.csv"), "--model", "isolation", "--save", path.join(models, "connections.model")]);
  writeFileSync(path.join(models, "damaged.model"), "PAMANOT1 but no more");
  await scene.go(page, "/analyse");
  await page.getByLabel("Format").selectOption("table");
  await page.getByLabel("Model").selectOption("connections");
  await page.getByText("isolation of 2,000 rows").waitFor();
  await page.getByText("damaged.model is not a model file").waitFor();
  const html = "<img src=x onerror=alert(1)>";
  await page.locator("input[type=file]").setInputFiles({ name: "today.csv", mimeType: "text/csv", buffer: Buffer.from(connections(400, html)) });
  await scene.settled(page);
  assert.deepEqual(await scene.barriers(page), []);
  await scene.photograph(page, "analyse-model");
  await page.getByRole("button", { name: "Analyse" }).click();
  await page.getByRole("heading", { name: "Highest scores" }).waitFor({ timeout: 30000 });
  await scene.settled(page);
  const worst = page.getByRole("table", { name: "Rows with the highest scores" }).locator("tbody tr");
  assert.match(await worst.first().textContent(), /proto gre.*port 4444.*note <img src=x onerror=alert\(1\)>/);
  assert.match(await worst.first().locator("td.why").textContent(), /=/);
  assert.equal(await page.locator("main img").count(), 0);
  assert.deepEqual(await scene.barriers(page), []);
  await scene.photograph(page, "analysed-table");
  await page.setViewportSize({ width: 390, height: 844 });
  await scene.settled(page);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  await scene.photograph(page, "analysed-table-390");
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole("button", { name: "Throw it away" }).click();
  await page.locator("input[type=file]").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("an exception is previewed, made and revoked", async () => {
  await scene.go(page, "/exceptions");
  const save = page.getByRole("button", { name: "Save the exception" });
  assert.ok(await save.isDisabled());
  await page.getByLabel("Who or where").fill("root");
  await page.getByLabel("Why").fill("a change of provider");
  await page.getByRole("button", { name: "Preview its effect" }).click();
  await page.getByText("What it would have let through").waitFor();
  await save.click();
  const row = page.locator("tbody tr", { hasText: "a change of provider" });
  await row.waitFor();
  await row.getByRole("button", { name: /Revoke/ }).click();
  await row.waitFor({ state: "detached" });
  assert.deepEqual(page.complaints, []);
});

test("an alerts' channel is tried", async () => {
  await scene.go(page, "/alerts");
  await page.getByRole("cell", { name: "denied" }).waitFor();
  await page.getByRole("button", { name: "Send a test" }).click();
  await eventually("the message arrives", () => scene.messages.length > 0);
  await eventually("its delivery is shown", async () => {
    await scene.go(page, "/alerts");
    return (await page.locator("tr", { hasText: "webhook" }).locator("time").count()) > 0;
  });
  assert.deepEqual(page.complaints, []);
});

/* The number of completed logins that the page says are asked or refused. */
async function stopped(window) {
  const [, asked, refused] = /^([\d,]+) asked, ([\d,]+) refused/.exec(await window.locator(".slider-said").textContent());
  return Number(asked.replaceAll(",", "")) + Number(refused.replaceAll(",", ""));
}

for (const colorScheme of ["light", "dark"]) {
  test(`budgets are slid by keyboard, wide and narrow, ${colorScheme}`, async () => {
    const window = await scene.window({ colorScheme });
    await scene.go(window, "/model");
    const [asking, refusing] = [window.getByRole("slider", { name: "budget for asking" }), window.getByRole("slider", { name: "budget for refusing" })];
    await asking.waitFor({ timeout: 180000 });
    const [words, before_] = [await asking.getAttribute("aria-valuetext"), await stopped(window)];
    assert.match(words, /^1 in 200 /);

    await asking.press("ArrowRight");
    assert.match(await asking.getAttribute("aria-valuetext"), /^1 in 180 /);
    await asking.press("End");
    assert.equal(await asking.getAttribute("aria-valuetext"), "all");
    const [, everybody] = / of ([\d,]+) completed logins/.exec(await window.locator(".slider-said").textContent());
    assert.equal(await stopped(window), Number(everybody.replaceAll(",", "")));
    await refusing.press("Home");
    await asking.press("Home");
    assert.equal(await stopped(window), 0);
    await window.getByText("Nobody's completed login would have been stopped.").waitFor();

    await window.getByRole("button", { name: "As configured" }).click();
    assert.equal(await asking.getAttribute("aria-valuetext"), words);
    assert.equal(await stopped(window), before_);
    for (let step = 0; step < 12; step++) await asking.press("ArrowRight");
    assert.equal(await window.getByRole("table", { name: "Logins stopped" }).locator("tbody tr").count(), Math.min(25, await stopped(window)));
    for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
      await window.setViewportSize(viewport);
      await scene.photograph(window, `replay-${viewport.width}-${colorScheme}`);
      assert.deepEqual(await scene.barriers(window), []);
      assert.ok(await window.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    }
    assert.deepEqual(window.complaints, []);
    await window.context().close();
  });
}

test("who signs out is out", async () => {
  await scene.go(page, "/");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Password").waitFor();
  const answer = await page.request.get(`${scene.address}/api/state`);
  assert.equal(answer.status(), 401);
});
