/** Who may come in: people and their roles, tokens of devices and programs, pairings, and the trail of what was done. */

import { nothing, type Answer, type Hub } from "./hub";
import type { ObjectReader } from "./reader";
import { readRole, readUser, type Role, type User } from "./session";

/** Times are UTC. */
export interface Person extends User {
  readonly createdAt: number;
  readonly lastSeenAt: number | null;
}

/** Of a device (`edgeId`) or a program (`role`); with neither it may speak for any edge. */
export interface Token {
  readonly tokenId: string;
  readonly label: string;
  readonly edgeId: string | null;
  readonly role: Role | null;
  readonly createdAt: number | null;
  readonly lastUsedAt: number | null;
  /** From the settings of the hub: it cannot be changed here. */
  readonly founding: boolean;
}

export interface NewToken {
  readonly label: string;
  readonly edgeId: string;
  readonly role: Role | "";
}

/** An edge that asks to be let in. */
export interface Pairing {
  readonly code: string;
  readonly edgeId: string;
  readonly name: string;
  readonly address: string;
  readonly at: number;
}

export interface AuditEntry {
  readonly at: number;
  readonly who: string;
  readonly did: string;
  readonly what: string;
  readonly outcome: string;
}

export function fetchPeople(hub: Hub): Promise<Answer<readonly Person[]>> {
  const read = (user: ObjectReader): Person => ({
    ...readUser(user),
    createdAt: user.number("created_at"),
    lastSeenAt: user.maybeNumber("last_seen_at"),
  });
  return hub.call("GET", "api/users", (answer) => answer.parts("users", read));
}

export function addPerson(hub: Hub, name: string, role: Role, password: string): Promise<Answer<null>> {
  return hub.call("POST", "api/users", nothing, { name, role, password });
}

export function changePerson(hub: Hub, name: string, change: { readonly role?: Role; readonly password?: string }): Promise<Answer<null>> {
  return hub.call("PATCH", `api/users/${encodeURIComponent(name)}`, nothing, change);
}

export function removePerson(hub: Hub, name: string): Promise<Answer<null>> {
  return hub.call("DELETE", `api/users/${encodeURIComponent(name)}`, nothing);
}

export function fetchTokens(hub: Hub): Promise<Answer<readonly Token[]>> {
  const read = (token: ObjectReader): Token => {
    const role = token.maybeText("role");
    return {
      tokenId: token.text("token_id"),
      label: token.text("label", ""),
      edgeId: token.maybeText("edge_id"),
      role: role === null ? null : readRole(role),
      createdAt: token.maybeNumber("created_at"),
      lastUsedAt: token.maybeNumber("last_used_at"),
      founding: token.flag("founding", false),
    };
  };
  return hub.call("GET", "api/tokens", (answer) => answer.parts("tokens", read));
}

/** Gives the secret, which the hub will not say again. */
export function createToken(hub: Hub, { label, edgeId, role }: NewToken): Promise<Answer<string>> {
  const holder = role === "" ? { edge_id: edgeId } : { role };
  return hub.call("POST", "api/tokens", (answer) => answer.text("secret"), { label, ...holder });
}

/** Gives the new secret; the old one stays valid until the new is used, a day at most. */
export function rotateToken(hub: Hub, tokenId: string): Promise<Answer<string>> {
  return hub.call("POST", `api/tokens/${encodeURIComponent(tokenId)}/rotate`, (answer) => answer.text("secret"));
}

export function revokeToken(hub: Hub, tokenId: string): Promise<Answer<null>> {
  return hub.call("DELETE", `api/tokens/${encodeURIComponent(tokenId)}`, nothing);
}

export function fetchPairings(hub: Hub): Promise<Answer<readonly Pairing[]>> {
  const read = (pairing: ObjectReader): Pairing => ({
    code: pairing.text("code"),
    edgeId: pairing.text("edge_id"),
    name: pairing.text("name", ""),
    address: pairing.text("address", ""),
    at: pairing.number("at"),
  });
  return hub.call("GET", "api/pairings", (answer) => answer.parts("pairings", read));
}

export function settlePairing(hub: Hub, code: string, verdict: { readonly approve: boolean; readonly edge_id?: string }): Promise<Answer<null>> {
  return hub.call("POST", `api/pairings/${encodeURIComponent(code)}`, nothing, verdict);
}

export function fetchAudit(hub: Hub, limit: number): Promise<Answer<readonly AuditEntry[]>> {
  const read = (entry: ObjectReader): AuditEntry => ({
    at: entry.number("at"),
    who: entry.text("who", ""),
    did: entry.text("did"),
    what: entry.text("what", ""),
    outcome: entry.text("outcome", ""),
  });
  return hub.call("GET", `api/audit?limit=${limit}`, (answer) => answer.parts("entries", read));
}
