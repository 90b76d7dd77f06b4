/* Signing in, with a name and password or with a token. signInPage(onSession) → element. */
import { signIn } from "../lib/api.js";
import { h, refill } from "../lib/dom.js";

export function signInPage(onSession) {
  const problem = h("div", { role: "alert" });
  const user = h("input", { name: "user", id: "sign-user", autocomplete: "username", required: true, spellcheck: "false",
    autocapitalize: "none" });
  const password = h("input", { name: "password", id: "sign-password", type: "password",
    autocomplete: "current-password", required: true });
  const token = h("input", { name: "token", id: "sign-token", type: "password", autocomplete: "off", required: true,
    spellcheck: "false" });
  const submit = h("button", { type: "submit", class: "primary" }, "Sign in");
  const byName = [h("label", { for: "sign-user" }, "User"), user, h("label", { for: "sign-password" }, "Password"), password];
  const byToken = [h("label", { for: "sign-token" }, "Token"), token];
  const fields = h("div", { class: "sign-fields" }, byName);
  let withToken = false;

  const other = h("button", { type: "button", class: "quiet", onclick: () => {
    withToken = !withToken;
    refill(fields, withToken ? byToken : byName);
    refill(other, withToken ? "Use a password" : "Use a token");
    refill(problem);
    fields.querySelector("input").focus();
  } }, "Use a token");

  const form = h("form", { class: "sign-in", onsubmit: async (event) => {
    event.preventDefault();
    submit.disabled = true;
    refill(problem);
    try {
      onSession(await signIn(withToken ? { token: token.value.trim() }
        : { user: user.value.trim(), password: password.value }));
    } catch (error) {
      password.value = "";
      submit.disabled = false;
      refill(problem, h("p", { class: "problem" }, error.message));
      fields.querySelector("input:last-of-type").focus();
    }
  } }, h("h1", {}, "pam_anomaly"), h("p", { class: "muted" }, "Sign in to see and judge this machine's logins."),
  fields, problem, h("div", { class: "actions" }, submit, other));
  document.title = "Sign in · pam_anomaly";
  return form;
}
