/* Who is signed in: {user, role, csrf, expires}, or null. */
let session = null;

export function setSession(now) {
  session = now;
}

export function me() {
  return session?.user ?? "";
}

/* Whether labels, exceptions and acknowledgements may be given. */
export function isAnalyst() {
  return session?.role === "analyst";
}
