/** The hub's memory: events, and the newest figures of each camera. */

import type { Hub } from "./hub";
import { readEvent, type EventMessage, type Source } from "./messages";
import { ObjectReader } from "./reader";

/** The figures of a camera in one second. */
export interface Sample {
  /** Hub clock, whole seconds. */
  readonly at: number;
  readonly source: Source;
  readonly score: number;
  readonly level: string;
  readonly persons: number;
  readonly vehicles: number;
}

/** Both newest first. */
export interface HistoryPage {
  readonly events: readonly EventMessage[];
  readonly samples: readonly Sample[];
  /** Asks for the page of events after this one; null when there is none. */
  readonly nextBefore: number | null;
  /** Hub clock: when the oldest event of the page was stored; null of one without events. */
  readonly receivedSince: number | null;
  /** False when the hub did not answer, or spoke otherwise. */
  readonly answered: boolean;
}

const NOTHING: HistoryPage = { events: [], samples: [], nextBefore: null, receivedSince: null, answered: false };
const PAGE_EVENTS = 1000;

/** A page of the history; nothing when the hub does not answer or speaks otherwise: the page works without it. */
export async function fetchHistory(hub: Hub, query: Readonly<Record<string, string>>): Promise<HistoryPage> {
  try {
    const answer = await hub.fetch(`api/history?${new URLSearchParams(query)}`);
    return answer.ok ? readHistory(await answer.json()) : NOTHING;
  } catch {
    return NOTHING;
  }
}

/** The events of the hub page by page, newest first, `pages` at most. */
export async function* fetchEvents(
  hub: Hub,
  query: Readonly<Record<string, string>>,
  pages: number,
): AsyncGenerator<readonly EventMessage[]> {
  let before: Readonly<Record<string, string>> = {};
  for (let page = 0; page < pages; page += 1) {
    const { events, nextBefore } = await fetchHistory(hub, { ...query, ...before, limit: String(PAGE_EVENTS), samples: "0" });
    yield events;
    if (nextBefore === null) return;
    before = { before: String(nextBefore) };
  }
}

/** Throws ContractError. */
export function readHistory(value: unknown): HistoryPage {
  const page = new ObjectReader(value, "$");
  return {
    events: page.parts("events", readEvent),
    samples: page.parts("samples", readSample),
    nextBefore: page.maybeNumber("next_before"),
    receivedSince: page.parts("events", (event) => event.maybeNumber("received_at")).at(-1) ?? null,
    answered: true,
  };
}

function readSample(from: ObjectReader): Sample {
  return {
    at: from.number("at"),
    source: from.text("source"),
    score: from.number("score"),
    level: from.text("level"),
    persons: from.number("persons"),
    vehicles: from.number("vehicles"),
  };
}
