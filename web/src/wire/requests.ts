/** What the page says to the hub, in the spelling of the wire. */

import type { Source } from "./messages";

/** What this viewer wants from now on; replaces what it wanted before. */
export interface Subscription {
  readonly sources: readonly Source[];
  readonly rung: Rung;
  /** What else is wanted: `thermal`. */
  readonly layers: readonly string[];
}

export type Rung = "metadata" | "thumbnail" | "slow" | "full";

export interface CommandRequest {
  readonly commandId: string;
  readonly source: Source;
  readonly name: string;
  readonly arguments: Readonly<Record<string, string>>;
}

export function encodeSubscribe({ sources, rung, layers }: Subscription, leaseS: number): string {
  return JSON.stringify({ type: "subscribe", sources, rung, layers, lease_s: leaseS });
}

export function encodeSeen(source: Source, frameId: number): string {
  return JSON.stringify({ type: "seen", source, frame_id: frameId });
}

export function encodePing(sentAt: number): string {
  return JSON.stringify({ type: "ping", sent_at: sentAt });
}

export function encodeCommand(request: CommandRequest): string {
  return JSON.stringify({
    type: "command",
    command_id: request.commandId,
    source: request.source,
    name: request.name,
    arguments: request.arguments,
  });
}
