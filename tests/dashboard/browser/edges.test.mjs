/* The first day, when nothing is in the store, and a store of names, addresses and numbers that fit nowhere. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Scene } from "./scene.mjs";
import { eventually } from "./viewer.mjs";

const SIZES = [{ width: 1440, height: 900 }, { width: 390, height: 844 }];
const NARROWEST = { width: 360, height: 740 };

function fits(page, name, size) {
  return eventually(`${name} is no wider than a window of ${size.width}`,
    () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 10000);
}

/* What every page owes its viewer: the words that are wanted, no barrier, nothing beyond the window's edge. */
async function holds(scene, page, name, address, words) {
  page.complaints.length = 0;
  for (const size of SIZES) {
    await page.setViewportSize(size);
    await scene.go(page, address);
    await page.locator("main", { hasText: words }).waitFor();
    assert.equal(await page.locator(".problem").count(), 0, await page.locator(".problem").allTextContents().then(String));
    await fits(page, name, size);
    await scene.photograph(page, `${name}-${size.width}`);
  }
  assert.deepEqual(await scene.barriers(page), []);
  await page.setViewportSize(NARROWEST);
  await fits(page, name, NARROWEST);
  /* What is not there is a 404, which the browser notes by itself. */
  assert.deepEqual(page.complaints.filter((said) => !said.includes("404")), []);
}

/* Each page, and what it tells somebody who has just installed all this. */
const FIRST_DAY = [
  ["overview", "/", /Nobody has logged in.*anomaly-trainer import.*pam_anomaly\.so/],
  ["triage", "/triage", /Nothing to judge/],
  ["later", "/triage?view=later", /Nothing was put off/],
  ["decisions", "/triage?view=decisions", /Nobody has decided anything yet/],
  ["alerts", "/alerts", /No open alert/],
  ["logins", "/logins", /no logins yet.*anomaly-trainer import/],
  ["users", "/users", /No user is known yet/],
  ["user", "/user/nobody", /[Tt]here is no user nobody/],
  ["sources", "/sources", /No address is known yet/],
  ["source", "/source/192.0.2.1", /[Tt]here is no source 192\.0\.2\.1/],
  ["sessions", "/sessions", /no session yet.*pam_anomaly\.so/],
  ["exceptions", "/exceptions", /Nobody is exempt/],
  ["model", "/model", /anomaly-trainer train/],
  ["login", "/login/00d1ztv8gz80000006c7", /[Tt]here is no login 00d1ztv8gz80000006c7/],
];

describe("the first day", () => {
  let scene;
  let page;
  before(async () => {
    scene = await Scene.open(null);
    page = await scene.window();
  });
  after(() => scene?.close());

  for (const [name, address, words] of FIRST_DAY) {
    test(name, () => holds(scene, page, `first-day-${name}`, address, words));
  }
});

const LONG = "a-service-account-whose-name-is-as-long-as-names-may-be_0123456789";
const HTML = "<img src=x onerror=alert(1)>";
const ARABIC = "مدير-النظام";
const IPV6 = "2a02:1a95:785:1234:c4c3:8b46:45d5:16c3";

/* Ten days of each, the last day from elsewhere and with a session of many bytes. */
function oddHistory() {
  const lines = ["time,user,host,service,ip,country,asn,city,method,success,bytes_in,bytes_out,duration_s"];
  for (let day = 1; day <= 10; day++) {
    const date = `2026-02-${String(day).padStart(2, "0")}`;
    const bytes = day === 10 ? "8000000000000000,9000000000000000,8000000" : "0,0,0";
    const country = day === 10 ? "XX,4294967295,A town with a name that is longer than the column it stands in" : "DE,3209,Berlin";
    for (const [user, ip] of [[LONG, IPV6], [HTML, "203.0.113.250"], [ARABIC, IPV6.replace("785", "7850")], ["o", "::1"]]) {
      lines.push(`${date}T09:00:0${day % 10}Z,${user},a-host-with-a-very-long-name.branch-office.example.org,sshd,${ip},${country},publickey,1,${bytes}`);
      lines.push(`${date}T03:00:0${day % 10}Z,${user},web,sshd,${ip.replace("3", "4")},,,,password,0,,,`);
    }
  }
  return lines.join("\n");
}

describe("what fits nowhere", () => {
  let scene;
  let page;
  let login;
  before(async () => {
    scene = await Scene.open(oddHistory());
    page = await scene.window();
    const answer = await page.request.get(`${scene.address}/api/logins?user=${encodeURIComponent(LONG)}&method=publickey&limit=1`);
    [login] = (await answer.json()).items;
  });
  after(() => scene?.close());

  const pages = () => [
    ["overview", "/?since=30d", LONG], ["logins", "/logins", HTML], ["login", `/login/${login.id}`, LONG], ["users", "/users", ARABIC],
    ["user", `/user/${encodeURIComponent(LONG)}`, LONG], ["sources", "/sources", IPV6], ["source", `/source/${encodeURIComponent(IPV6)}`, LONG],
    ["sessions", "/sessions?order=bytes", "PB"], ["triage", "/triage", LONG], ["html", `/user/${encodeURIComponent(HTML)}`, HTML],
  ];

  test("every page", async (t) => {
    for (const [name, address, words] of pages()) {
      await t.test(name, async () => {
        await holds(scene, page, `odd-${name}`, address, words);
        assert.equal(await page.locator("main img").count(), 0);
      });
    }
  });
});
