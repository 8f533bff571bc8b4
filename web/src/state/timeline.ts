/** Incidents as bars on a line of time, one lane for each camera. */

import type { Source } from "../wire/messages";
import type { Incident } from "./incidents";

export interface Bar {
  readonly incident: Incident;
  /** Fractions of the shown time, 0 at its start. */
  readonly from: number;
  readonly to: number;
}

export interface Lane {
  readonly source: Source;
  readonly bars: readonly Bar[];
}

/** The lanes of the `rangeS` seconds before `now`; what lasts reaches to the end. Calmer bars come first: worse lie on top. */
export function lanesOf(incidents: readonly Incident[], now: number, rangeS: number): readonly Lane[] {
  const start = now - rangeS;
  const place = (at: number): number => Math.min(1, Math.max(0, (at - start) / rangeS));
  const lanes = new Map<Source, Bar[]>();
  for (const incident of incidents) {
    const end = incident.closedAt ?? now;
    if (end < start || incident.openedAt > now) continue;
    const bars = lanes.get(incident.source) ?? [];
    bars.push({ incident, from: place(incident.openedAt), to: place(end) });
    lanes.set(incident.source, bars);
  }
  return [...lanes]
    .map(([source, bars]) => ({ source, bars: bars.sort((a, b) => a.incident.score - b.incident.score) }))
    .sort((a, b) => a.source.localeCompare(b.source));
}
