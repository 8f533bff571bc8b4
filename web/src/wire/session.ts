/** Who uses the page: signing in and out, the first administrator, and tickets for the live connection. */

import { nothing, type Answer, type Hub } from "./hub";
import type { ObjectReader } from "./reader";

/** The live connection waits for these answers: what a black hole swallowed is soon asked for again. */
const SOON_MS = 4_000;

/** Each may do what those before it may: watch; command and mark; set up. */
export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

export interface User {
  readonly name: string;
  readonly role: Role;
}

/** `open`: whoever comes from this machine may do all; `setup`: there is no administrator yet; `login`: one signs in. */
export type Access = "open" | "setup" | "login";

export interface SessionAnswer {
  readonly access: Access;
  readonly user: User | null;
}

export interface Credentials {
  readonly name: string;
  readonly password: string;
}

export function fetchSession(hub: Hub): Promise<Answer<SessionAnswer>> {
  return hub.call("GET", "api/session", readSession, undefined, SOON_MS);
}

export function signIn(hub: Hub, credentials: Credentials): Promise<Answer<User>> {
  return hub.call("POST", "api/session", (answer) => answer.part("user", readUser), credentials);
}

export function signOut(hub: Hub): Promise<Answer<null>> {
  return hub.call("DELETE", "api/session", nothing);
}

export function createFirst(hub: Hub, code: string, credentials: Credentials): Promise<Answer<User>> {
  return hub.call("POST", "api/setup", (answer) => answer.part("user", readUser), { code, ...credentials });
}

export function changePassword(hub: Hub, old: string, next: string): Promise<Answer<null>> {
  return hub.call("POST", "api/password", nothing, { old, new: next });
}

/** Lets one WebSocket in, once, within half a minute. */
export function fetchTicket(hub: Hub): Promise<Answer<string>> {
  return hub.call("POST", "api/ticket", (answer) => answer.text("ticket"), {}, SOON_MS);
}

function readSession(answer: ObjectReader): SessionAnswer {
  return { access: readAccess(answer.text("access")), user: answer.part<User | null>("user", readUser, null) };
}

export function readUser(user: ObjectReader): User {
  return { name: user.text("name"), role: readRole(user.text("role")) };
}

/** A role that this page does not know may at least watch. */
export function readRole(role: string): Role {
  return ROLES.find((known) => known === role) ?? "viewer";
}

function readAccess(access: string): Access {
  return access === "open" || access === "setup" ? access : "login";
}
