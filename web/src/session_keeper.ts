/** Keeps the session: asks the hub who one is, signs in and out, and gets the live connection its tickets. */

import { nextSession, type Session } from "./state/session";
import { Store } from "./state/store";
import { Hub, type Answer } from "./wire/hub";
import { SUBPROTOCOL } from "./wire/messages";
import {
  createFirst,
  fetchSession,
  fetchTicket,
  signIn,
  signOut,
  type Credentials,
  type User,
} from "./wire/session";

const TICKET_PREFIX = "aimonitor.ticket.";
const NOT_FOUND = 404;

export class SessionKeeper {
  readonly session = new Store<Session>({ kind: "unknown" });
  readonly hub: Hub;
  private asking: Promise<void> | null = null;

  constructor(base: URL) {
    this.hub = new Hub(base, () => void this.check());
  }

  /** Ask the hub who one is; several questions at once are one. A hub that is away changes nothing. */
  check(): Promise<void> {
    this.asking ??= this.ask().finally(() => (this.asking = null));
    return this.asking;
  }

  async signIn(credentials: Credentials): Promise<Answer<User>> {
    return this.entered(await signIn(this.hub, credentials));
  }

  /** Make the first administrator, by the code that the hub printed. */
  async createFirst(code: string, credentials: Credentials): Promise<Answer<User>> {
    return this.entered(await createFirst(this.hub, code, credentials));
  }

  /** What the page showed is no longer for whoever comes next: it begins anew. */
  async signOut(): Promise<Answer<null>> {
    const answer = await signOut(this.hub);
    if (answer.ok || answer.refusal.status === 401) this.session.set({ kind: "out" });
    return answer;
  }

  /** What a WebSocket offers so that it is let in; null when it would not be. */
  async subprotocols(): Promise<readonly string[] | null> {
    if (this.session.value.kind === "unknown") await this.check();
    const { kind } = this.session.value;
    if (kind === "open" || kind === "unknown") return [SUBPROTOCOL];
    if (kind !== "in") return null;
    const ticket = await fetchTicket(this.hub);
    return ticket.ok ? [SUBPROTOCOL, TICKET_PREFIX + ticket.value] : null;
  }

  private async ask(): Promise<void> {
    const answer = await fetchSession(this.hub);
    const before = this.session.value;
    if (answer.ok) this.session.set(nextSession(before, answer.value));
    else if (answer.refusal.status === NOT_FOUND) this.session.set({ kind: "open" }); // a hub from before sessions
  }

  private entered(answer: Answer<User>): Answer<User> {
    if (answer.ok) this.session.set({ kind: "in", user: answer.value });
    return answer;
  }
}
