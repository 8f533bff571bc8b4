/** Events of one incident folded into one row. */

import type { EventMessage, Factor, Mark, Marked, Source } from "../wire/messages";

const INCIDENTS_KEPT = 500;
/** What people told a camera to do is kept in the same history. */
export const COMMAND = "command";
const LEVEL_ORDER = ["NORMAL", "WATCH", "ALERT", "CRITICAL"];

export interface Incident {
  readonly source: Source;
  readonly incidentId: string;
  readonly kind: string;
  /** Edge clock. */
  readonly openedAt: number;
  /** Edge clock; null while it lasts. */
  readonly closedAt: number | null;
  /** Edge clock, of the newest message. */
  readonly changedAt: number;
  /** The highest it reached. */
  readonly level: string;
  readonly score: number;
  readonly words: string;
  readonly factors: readonly Factor[];
  readonly trackIds: readonly number[];
  readonly zone: string;
  /** What a person said of it, the last time. */
  readonly mark: Mark | null;
  readonly seqs: ReadonlySet<number>;
}

/** Fold `events` in, in any order and as often as they come; newest incident first, the oldest fall out at the limit. */
export function mergeEvents(incidents: readonly Incident[], events: readonly EventMessage[]): readonly Incident[] {
  return mergeAll(events, incidents).slice(0, INCIDENTS_KEPT);
}

/** The same without a limit. */
export function mergeAll(events: readonly EventMessage[], incidents: readonly Incident[] = []): readonly Incident[] {
  const byKey = new Map(incidents.map((incident) => [keyOf(incident), incident]));
  for (const event of events) {
    const key = keyOf(event);
    byKey.set(key, fold(byKey.get(key), event));
  }
  return [...byKey.values()].sort((a, b) => b.openedAt - a.openedAt);
}

/** The same incidents, one of them marked; a mark that is older than the one that is known changes nothing. */
export function markIncident(incidents: readonly Incident[], { source, incidentId, mark, by, at }: Marked): readonly Incident[] {
  return incidents.map((incident) =>
    incident.source === source && incident.incidentId === incidentId
      ? { ...incident, mark: laterMark(incident.mark, { mark, by, at }) }
      : incident,
  );
}

export function keyOf(of: { readonly source: Source; readonly incidentId: string }): string {
  return `${of.source}/${of.incidentId}`;
}

function fold(before: Incident | undefined, event: EventMessage): Incident {
  const mark = laterMark(before?.mark ?? null, event.mark);
  if (before?.seqs.has(event.seq)) return mark === before.mark ? before : { ...before, mark };
  const newest = before === undefined || event.at >= before.changedAt;
  const worst = before === undefined || event.score >= before.score;
  return {
    source: event.source,
    incidentId: event.incidentId,
    kind: event.kind,
    openedAt: event.openedAt,
    closedAt: event.phase === "closed" ? event.at : (before?.closedAt ?? null),
    changedAt: newest ? event.at : before.changedAt,
    level: higherLevel(before?.level, event.level),
    score: Math.max(before?.score ?? 0, event.score),
    words: newest && event.words !== "" ? event.words : (before?.words ?? event.words),
    factors: worst && event.factors.length > 0 ? event.factors : (before?.factors ?? event.factors),
    trackIds: [...new Set([...(before?.trackIds ?? []), ...event.trackIds])],
    zone: event.zone || (before?.zone ?? ""),
    mark,
    seqs: new Set([...(before?.seqs ?? []), event.seq]),
  };
}

function laterMark(one: Mark | null, other: Mark | null): Mark | null {
  return one === null || (other !== null && other.at > one.at) ? other : one;
}

export function levelRank(level: string): number {
  return LEVEL_ORDER.indexOf(level);
}

function higherLevel(before: string | undefined, after: string): string {
  return before !== undefined && levelRank(before) > levelRank(after) ? before : after;
}
