/** Which incidents are shown, and the same as a table for a spreadsheet. */

import type { Incident } from "./incidents";
import { COMMAND, levelRank } from "./incidents";
import { toTable } from "./table";

export interface IncidentFilter {
  readonly source: string;
  readonly kind: string;
  /** The lowest level that is shown. */
  readonly level: string;
  readonly zone: string;
  /** A mark, or UNMARKED. */
  readonly mark: string;
}

export const UNMARKED = "unmarked";

/** Everything that cameras saw: an empty word admits all, but commands are shown only to who asks for them. */
export const NO_FILTER: IncidentFilter = { source: "", kind: "", level: "", zone: "", mark: "" };

export function filterIncidents(incidents: readonly Incident[], filter: IncidentFilter): readonly Incident[] {
  return incidents.filter(
    (incident) =>
      (filter.source === "" || incident.source === filter.source) &&
      (filter.kind === "" ? incident.kind !== COMMAND : incident.kind === filter.kind) &&
      (filter.level === "" || levelRank(incident.level) >= levelRank(filter.level)) &&
      (filter.zone === "" || incident.zone === filter.zone) &&
      (filter.mark === "" || (incident.mark?.mark ?? UNMARKED) === filter.mark),
  );
}

/** CSV, times in UTC (ISO 8601), words as the edge said them. */
export function toCsv(incidents: readonly Incident[]): string {
  const header = ["opened", "closed", "source", "kind", "level", "score", "zone", "tracks", "words", "mark", "marked_by"];
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
    incident.mark?.mark ?? "",
    incident.mark?.by ?? "",
  ]);
  return toTable([header, ...rows]);
}

/** One incident with its reasons, in the spelling of the contract; `media` are the addresses of its files. */
export function toJson(incident: Incident, media: readonly string[]): string {
  const { source, incidentId, kind, level, score, words, zone, mark } = incident;
  const facts = {
    source,
    incident_id: incidentId,
    kind,
    level,
    score,
    words,
    zone,
    opened_at: isoTime(incident.openedAt),
    closed_at: incident.closedAt === null ? null : isoTime(incident.closedAt),
    track_ids: incident.trackIds,
    factors: incident.factors.map(({ trackId, ...factor }) => ({ ...factor, track_id: trackId })),
    mark: mark === null ? null : { mark: mark.mark, by: mark.by, at: isoTime(mark.at) },
    media,
  };
  return `${JSON.stringify(facts, null, 2)}\n`;
}

function isoTime(at: number): string {
  return new Date(at * 1000).toISOString();
}
