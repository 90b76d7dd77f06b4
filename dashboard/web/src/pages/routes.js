/* Which page is at which address. */
import alerts from "./alerts.js";
import analyse from "./analyse.js";
import exceptions from "./exceptions.js";
import login from "./login.js";
import logins from "./logins.js";
import model from "./model.js";
import overview from "./overview.js";
import sessions from "./sessions.js";
import source from "./source.js";
import sources from "./sources.js";
import triage from "./triage.js";
import tryLogin from "./try.js";
import user from "./user.js";
import users from "./users.js";

export const ROUTES = [
  { pattern: "/", page: overview },
  { pattern: "/dashboard", page: overview },
  { pattern: "/triage", page: triage },
  { pattern: "/logins", page: logins },
  { pattern: "/login/{id}", page: login },
  { pattern: "/users", page: users },
  { pattern: "/user/{name}", page: user },
  { pattern: "/sources", page: sources },
  { pattern: "/source/{ip}", page: source },
  { pattern: "/sessions", page: sessions },
  { pattern: "/alerts", page: alerts },
  { pattern: "/try", page: tryLogin },
  { pattern: "/analyse", page: analyse },
  { pattern: "/model", page: model },
  { pattern: "/exceptions", page: exceptions },
];
