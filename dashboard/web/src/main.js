/* The shell: who is signed in, the way around, and the page that the address names. */
import { currentSession, signOut } from "./lib/api.js";
import { h, refill } from "./lib/dom.js";
import { startLive, stopLive } from "./lib/live.js";
import { leave, reload, startRouter } from "./lib/router.js";
import { setSession } from "./lib/session.js";
import { navigation } from "./components/navigation.js";
import { problemBox } from "./components/load.js";
import { toastBox } from "./components/toast.js";
import { ROUTES } from "./pages/routes.js";
import { signInPage } from "./pages/sign_in.js";

const outlet = h("main", { id: "main", tabindex: "-1" });
const shell = h("div", { class: "shell" });
let way = null;

function showSignIn() {
  stopLive();
  leave();
  setSession(null);
  way?.stop();
  way = null;
  refill(shell, h("main", { id: "main" }, signInPage(enter)));
  shell.querySelector("input")?.focus();
}

function enter(session) {
  setSession(session);
  way = navigation(session, async () => {
    await signOut().catch(() => {}); /* a session that is over already is signed out too */
    showSignIn();
  });
  refill(shell, way.element, outlet);
  startLive(way.live);
  way.current(location.pathname);
  reload();
}

async function start() {
  refill(document.body, h("a", { class: "skip", href: "#main", onclick: (event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  } }, "Skip to the content"), shell, toastBox());
  startRouter(ROUTES, outlet, (path) => way?.current(path));
  document.addEventListener("signedout", showSignIn);
  try {
    const session = await currentSession();
    if (session) enter(session);
    else showSignIn();
  } catch (error) {
    refill(shell, h("main", { id: "main", class: "alone" }, problemBox(error, start)));
  }
}

start();
