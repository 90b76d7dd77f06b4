/*
 * A browser and what a test does with the pages of one dashboard: windows, waiting until all has
 * come, photographs, axe.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:http";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";

const PHOTOGRAPHS = process.env.PHOTOGRAPHS;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PATIENCE_MS = 60000;

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

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

/* A webhook's other end: messages holds what was posted. */
export class Hook {
  messages = [];

  /* port 0: any that is free */
  static async open(port = 0) {
    const hook = new Hook();
    hook.server = createServer((request, response) => {
      let body = "";
      request.on("data", (piece) => { body += piece; });
      request.on("end", () => {
        hook.messages.push(body);
        response.end();
      });
    });
    await new Promise((resolve) => hook.server.listen(port, "127.0.0.1", resolve));
    hook.port = hook.server.address().port;
    return hook;
  }

  close() {
    this.server.close();
  }
}

export class Viewer {
  constructor(address) {
    this.address = address;
  }

  async launch() {
    this.browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
  }

  async close() {
    await this.browser?.close();
  }

  /* A fresh window in which signIn(page) has been done unless not wanted; what it complains of gathers in page.complaints. */
  async window({ width = 1440, height = 900, colorScheme = "light", signIn = true } = {}) {
    const context = await this.browser.newContext({ viewport: { width, height }, colorScheme });
    context.setDefaultTimeout(PATIENCE_MS);
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
}
