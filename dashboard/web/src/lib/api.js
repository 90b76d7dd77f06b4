/*
 * The service's JSON. Every failure is an ApiError with the sentence that the service gave; a 401
 * also tells the page, by the event "signedout" on document, that the session is over.
 */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

let csrf = "";

/* The service's messages, as those of any of these programs, begin small and end without a stop. */
function asSentence(message) {
  const first = /^[a-z]+[ ,]/.test(message) && !message.startsWith("anomaly") ? message[0].toUpperCase() : message[0];
  return `${first}${message.slice(1)}${/[.!?…]$/.test(message) ? "" : "."}`;
}

async function sentence(response) {
  try {
    const body = await response.json();
    if (body?.error?.message) return asSentence(body.error.message);
  } catch {
    /* not JSON: something between us and the service answered */
  }
  return `The service answered ${response.status} ${response.statusText}.`;
}

async function call(method, path, { query, body, type, signal } = {}) {
  const headers = {};
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = type ?? "application/json";
  let response;
  try {
    response = await fetch(address(path, query), {
      method,
      headers,
      body: body === undefined || type ? body : JSON.stringify(body),
      credentials: "same-origin",
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "The service cannot be reached. Is anomaly-dashboard running?");
  }
  if (response.ok) return response.status === 204 ? null : response.json();
  if (response.status === 401 && path !== "/api/session") {
    document.dispatchEvent(new CustomEvent("signedout"));
  }
  throw new ApiError(response.status, await sentence(response));
}

/* A path with the parameters of an object or URLSearchParams; empty ones are left out. */
export function address(path, query) {
  const entries = query instanceof URLSearchParams ? [...query] : Object.entries(query ?? {});
  const kept = entries.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(kept).toString();
  return text ? `${path}?${text}` : path;
}

export function get(path, query, signal) {
  return call("GET", path, { query, signal });
}

export function post(path, body, signal) {
  return call("POST", path, { body, signal });
}

export function remove(path) {
  return call("DELETE", path);
}

/*
 * Sends a file as it is. progress(bytes sent) is called as it goes: fetch cannot say how far an
 * upload is, so this one goes by XMLHttpRequest.
 */
export function upload(path, query, file, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address(path, query));
    request.setRequestHeader("X-CSRF-Token", csrf);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => progress(event.loaded));
    request.addEventListener("load", () => {
      if (request.status < 300) resolve(request.response);
      else {
        const message = request.response?.error?.message;
        reject(new ApiError(request.status, message ? asSentence(message) : `The service answered ${request.status}.`));
      }
    });
    request.addEventListener("error", () =>
      reject(new ApiError(0, "The upload broke off. Is the file larger than the service takes?")));
    request.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    signal?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

/* ---- the session: {user, role, csrf, expires} ---- */

const HINT = "signed-in";

/* The cookie itself cannot be seen from here: a note of it spares the first visit a question. */
function keep(session) {
  csrf = session?.csrf ?? "";
  try {
    if (session) localStorage.setItem(HINT, "yes");
    else localStorage.removeItem(HINT);
  } catch {
    /* storage is forbidden: every visit begins with signing in */
  }
  return session;
}

function mayBeSignedIn() {
  try {
    return localStorage.getItem(HINT) !== null;
  } catch {
    return false;
  }
}

/* Null when nobody is signed in. */
export async function currentSession() {
  if (!mayBeSignedIn()) return keep(null);
  try {
    return keep(await get("/api/session"));
  } catch (error) {
    if (error.status === 401) return keep(null);
    throw error;
  }
}

export async function signIn(credentials) {
  return keep(await post("/api/session", credentials));
}

export async function signOut() {
  await remove("/api/session");
  keep(null);
}
