/*
 * What the browser tests stand on: a store, of a simulated month if nothing else is said, that was
 * judged as it was lived, anomalyd, the dashboard, and a viewer of it. All of it is private to one directory and ends with close().
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { eventually, Hook, Viewer } from "./viewer.mjs";

const BUILD = process.env.PAM_ANOMALY_BUILD;

const PROGRAMS = { "anomaly-trainer": "trainer", anomalyd: "daemon", "anomaly-dashboard": "dashboard", anomalyctl: "ctl",
  judged_past: "tests/dashboard/browser" };

function program(name) {
  return path.join(BUILD, PROGRAMS[name], name);
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function simulatedMonth() {
  return execFileSync(program("anomaly-trainer"), ["simulate", "--users", "40", "--days", "30", "--seed", "7"],
    { maxBuffer: 1 << 28 });
}

/* A history in CSV, moved to end now and judged login by login; none: a store as on the first day. */
function makeStore(root, history) {
  const [from, store] = [path.join(root, "history"), path.join(root, "store")];
  mkdirSync(from, { mode: 0o750 });
  mkdirSync(store, { mode: 0o750 });
  if (!history) return store;
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

export class Scene extends Viewer {
  #services = [];
  #hook = null;

  static async open(history = simulatedMonth()) {
    const scene = new Scene();
    try {
      await scene.#build(history);
    } catch (error) {
      await scene.close();
      throw error;
    }
    return scene;
  }

  async #build(history) {
    this.root = mkdtempSync(path.join(tmpdir(), "anomaly-browser-"));
    this.store = makeStore(this.root, history);
    this.config = path.join(this.root, "pam_anomaly.conf");
    const [rules, secret] = [path.join(this.root, "alerts"), path.join(this.root, "webhook")];
    this.#hook = await Hook.open();
    writeFileSync(secret, "0123456789abcdef0123456789abcdef\n", { mode: 0o600 });
    writeFileSync(rules, RULES(this.#hook.port, secret), { mode: 0o644 });
    writeFileSync(this.config, `store = ${this.store}\ngeo = none\nexemptions = ${path.join(this.root, "exemptions")}\nalerts = ${rules}\n`);
    this.#start("anomalyd");
    const port = await freePort();
    this.address = `http://127.0.0.1:${port}`;
    this.#start("anomaly-dashboard", "--listen", `127.0.0.1:${port}`);
    await eventually("the dashboard answers", () => fetch(`${this.address}/health`).then(() => true, () => this.#complain()));
    await this.launch();
  }

  /* What the alerts' webhook got. */
  get messages() {
    return this.#hook.messages;
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

  async signIn(page) {
    await page.goto(`${this.address}/`);
    await page.getByRole("button", { name: "Use a token" }).click();
    await page.getByLabel("Token").fill(this.token());
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
    await this.settled(page);
  }

  async close() {
    await super.close();
    for (const { service } of this.#services) {
      const ended = service.exitCode !== null || new Promise((resolve) => service.once("exit", resolve));
      service.kill("SIGTERM");
      await ended;
    }
    this.#hook?.close();
    if (this.root) rmSync(this.root, { recursive: true, force: true });
  }
}
