/*
 * What the browser tests stand on: a store of a simulated month that was judged as it was lived, anomalyd,
 * the dashboard, and a browser. All of it is private to one directory and ends with close().
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer as createWebServer } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";

const BUILD = process.env.PAM_ANOMALY_BUILD;
const PHOTOGRAPHS = process.env.PHOTOGRAPHS;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PATIENCE_MS = 20000;

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

const PROGRAMS = { "anomaly-trainer": "trainer", anomalyd: "daemon", "anomaly-dashboard": "dashboard", anomalyctl: "ctl",
  judged_past: "tests/dashboard/browser" };

function program(name) {
  return path.join(BUILD, PROGRAMS[name], name);
}

/* Asks until it is so; what() says what was waited for. */
export async function eventually(what, ask, patience_ms = PATIENCE_MS) {
  const end = Date.now() + patience_ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${patience_ms} ms in vain: ${what}`);
    await sleep(50);
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/* A month of a simulated machine, moved to end now and judged login by login. */
function makeStore(root) {
  const [from, store] = [path.join(root, "history"), path.join(root, "store")];
  mkdirSync(from, { mode: 0o750 });
  mkdirSync(store, { mode: 0o750 });
  const history = execFileSync(program("anomaly-trainer"), ["simulate", "--users", "40", "--days", "30", "--seed", "7"],
    { maxBuffer: 1 << 28 });
  execFileSync(program("anomaly-trainer"), ["import", "--store", from, "--format", "csv", "-"], { input: history });
  execFileSync(program("judged_past"), [from, store]);
  return store;
}

const RULES = (port, secret) => `[rule denied]
verdict = deny
group_by = source
channels = hook

[channel hook]
kind = webhook
url = http://127.0.0.1:${port}/alerts
secret_file = ${secret}
`;

export class Scene {
  #services = [];
  #hook = null;
  messages = []; /* what the alerts' webhook got */

  static async open() {
    const scene = new Scene();
    scene.root = mkdtempSync(path.join(tmpdir(), "anomaly-browser-"));
    scene.store = makeStore(scene.root);
    scene.config = path.join(scene.root, "pam_anomaly.conf");
    const [rules, secret] = [path.join(scene.root, "alerts"), path.join(scene.root, "webhook")];
    writeFileSync(secret, "0123456789abcdef0123456789abcdef\n", { mode: 0o600 });
    writeFileSync(rules, RULES(await scene.#listen(), secret), { mode: 0o644 });
    writeFileSync(scene.config, `store = ${scene.store}\ngeo = none\nexemptions = ${path.join(scene.root, "exemptions")}\nalerts = ${rules}\ndashboard_import = yes\n`);
    scene.#start("anomalyd");
    const port = await freePort();
    scene.address = `http://127.0.0.1:${port}`;
    scene.#start("anomaly-dashboard", "--listen", `127.0.0.1:${port}`);
    await eventually("the dashboard answers", () => fetch(`${scene.address}/health`).then(() => true, () => scene.#complain()));
    scene.browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
    return scene;
  }

  /* The port at which alerts arrive. */
  async #listen() {
    this.#hook = createWebServer((request, response) => {
      let body = "";
      request.on("data", (piece) => { body += piece; });
      request.on("end", () => {
        this.messages.push(body);
        response.end();
      });
    });
    await new Promise((resolve) => this.#hook.listen(0, "127.0.0.1", resolve));
    return this.#hook.address().port;
  }

  #start(name, ...more) {
    const log = openSync(path.join(this.root, `${name}.log`), "a");
    const service = spawn(program(name), ["--config", this.config, ...more], { stdio: ["ignore", log, log] });
    this.#services.push({ name, service });
  }

  #complain() {
    const ended = this.#services.find(({ service }) => service.exitCode !== null);
    if (!ended) return false;
    throw new Error(`${ended.name} ended: ${readFileSync(path.join(this.root, `${ended.name}.log`), "utf8")}`);
  }

  ctl(...words) {
    return JSON.parse(execFileSync(program("anomalyctl"), [...words, "--json", "--config", this.config], { encoding: "utf8" }));
  }

  token() {
    return execFileSync(program("anomaly-dashboard"), ["bootstrap", "--config", this.config], { encoding: "utf8" }).trim();
  }

  /* A fresh window in which somebody has signed in; its complaints gather in window.complaints. */
  async window({ width = 1440, height = 900, colorScheme = "light", signIn = true } = {}) {
    const context = await this.browser.newContext({ viewport: { width, height }, colorScheme });
    const page = await context.newPage();
    page.complaints = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) page.complaints.push(message.text());
    });
    page.on("pageerror", (error) => page.complaints.push(error.stack));
    await page.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)));
    if (signIn) await this.signIn(page);
    return page;
  }

  async signIn(page) {
    await page.goto(`${this.address}/`);
    await page.getByRole("button", { name: "Use a token" }).click();
    await page.getByLabel("Token").fill(this.token());
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
    await this.settled(page);
  }

  async go(page, to) {
    await page.goto(this.address + to);
    await this.settled(page);
  }

  /* Everything that is loaded has come. */
  async settled(page) {
    await page.waitForFunction(() => document.querySelector("h1") && !document.querySelector("[aria-busy=true], .loading"),
      null, { timeout: PATIENCE_MS });
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  }

  async photograph(page, name) {
    mkdirSync(PHOTOGRAPHS, { recursive: true });
    await page.screenshot({ path: path.join(PHOTOGRAPHS, `${name}.png`), fullPage: true });
  }

  /* What axe finds that is serious or critical. It comes in beside the page's own scripts, as a tester's tool. */
  async barriers(page) {
    const tools = await page.context().newCDPSession(page);
    await tools.send("Runtime.evaluate", { expression: AXE });
    const found = await page.evaluate(() => window.axe.run());
    await tools.detach();
    return found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join("\n")}`);
  }

  async close() {
    await this.browser?.close();
    for (const { service } of this.#services) {
      const ended = service.exitCode !== null || new Promise((resolve) => service.once("exit", resolve));
      service.kill("SIGTERM");
      await ended;
    }
    this.#hook?.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}
