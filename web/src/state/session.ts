/** Whether somebody is signed in, as the page knows it, and what that lets them do. */

import { ROLES, type Role, type SessionAnswer, type User } from "../wire/session";

export type Session =
  /** Not asked yet, or the hub is away: what can be shown is shown. */
  | { readonly kind: "unknown" }
  | { readonly kind: "open" }
  | { readonly kind: "setup" }
  | { readonly kind: "out" }
  | { readonly kind: "in"; readonly user: User }
  /** The page was in use when the hub wanted a name: it stays as it is, under a question. */
  | { readonly kind: "ended"; readonly user: User | null };

/** The session after the hub's answer. */
export function nextSession(before: Session, { access, user }: SessionAnswer): Session {
  if (user !== null) return { kind: "in", user };
  if (access === "open") return { kind: "open" };
  if (before.kind === "in" || before.kind === "ended") return { kind: "ended", user: before.user };
  if (before.kind === "open") return { kind: "ended", user: null };
  return { kind: access === "setup" ? "setup" : "out" };
}

export function userOf(session: Session): User | null {
  return session.kind === "in" || session.kind === "ended" ? session.user : null;
}

/** Whether the hub lets this page have anything. */
export function isAdmitted({ kind }: Session): boolean {
  return kind === "unknown" || kind === "open" || kind === "in";
}

/** Whether this session may do what takes `role`. An open hub trusts whoever reaches it. */
export function may(session: Session, role: Role): boolean {
  const user = userOf(session);
  if (user !== null) return ROLES.indexOf(user.role) >= ROLES.indexOf(role);
  return session.kind === "open" || session.kind === "ended";
}
