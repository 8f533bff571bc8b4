/** Which incidents are shown, and the same as a table for a spreadsheet. */

import type { Incident } from "./incidents";
import { COMMAND, levelRank } from "./incidents";

export interface IncidentFilter {
  readonly source: string;
  readonly kind: string;
  /** The lowest level that is shown. */
  readonly level: string;
  readonly zone: string;
}

/** Everything that cameras saw: an empty word admits all, but commands are shown only to who asks for them. */
export const NO_FILTER: IncidentFilter = { source: "", kind: "", level: "", zone: "" };

export function filterIncidents(incidents: readonly Incident[], filter: IncidentFilter): readonly Incident[] {
  return incidents.filter(
    (incident) =>
      (filter.source === "" || incident.source === filter.source) &&
      (filter.kind === "" ? incident.kind !== COMMAND : incident.kind === filter.kind) &&
      (filter.level === "" || levelRank(incident.level) >= levelRank(filter.level)) &&
      (filter.zone === "" || incident.zone === filter.zone),
  );
}

/** CSV after RFC 4180 with CRLF, times in UTC (ISO 8601), words as the edge said them. */
export function toCsv(incidents: readonly Incident[]): string {
  const header = ["opened", "closed", "source", "kind", "level", "score", "zone", "tracks", "words"];
  const rows = incidents.map((incident) => [
    isoTime(incident.openedAt),
    incident.closedAt === null ? "" : isoTime(incident.closedAt),
    incident.source,
    incident.kind,
    incident.level,
    incident.score.toFixed(3),
    incident.zone,
    incident.trackIds.join(" "),
    incident.words,
  ]);
  return [header, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** A cell that begins like a formula is marked as text, or a spreadsheet would run it. */
function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/u.test(value) ? `'${value}` : value;
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function isoTime(at: number): string {
  return new Date(at * 1000).toISOString();
}
