/** The hub's memory of events, read once at every connection: what happened before the page came. */

import { readEvent, type EventMessage } from "./messages";
import { ObjectReader } from "./reader";

/** The events that the hub tells of; none when it does not answer or speaks otherwise: the page works without them. */
export async function fetchHistory(address: URL): Promise<readonly EventMessage[]> {
  try {
    const answer = await fetch(address, { headers: { accept: "application/json" }, cache: "no-store" });
    if (!answer.ok) return [];
    return new ObjectReader(await answer.json(), "$").parts("events", readEvent);
  } catch {
    return [];
  }
}
