/** Incidents as rows, newest first; each leads to its own page. */

import type { JSX } from "preact";
import { translate } from "../i18n/language";
import { keyOf, type Incident } from "../state/incidents";
import { useLanguage, useWorld } from "./context";
import { explain } from "./cause";
import { LevelIcon } from "./icons";
import { MarkBadge } from "./marks";
import { hrefOf } from "./route";

export function IncidentList({ incidents, empty }: { readonly incidents: readonly Incident[]; readonly empty: string }): JSX.Element {
  if (incidents.length === 0) return <p class="quiet">{empty}</p>;
  return (
    <ol class="incidents">
      {incidents.map((incident) => (
        <IncidentRow key={keyOf(incident)} incident={incident} />
      ))}
    </ol>
  );
}

function IncidentRow({ incident }: { readonly incident: Incident }): JSX.Element {
  const language = useLanguage();
  const { words, time, duration } = language;
  const camera = useCameraName(incident.source);
  const what = useIncidentWords(incident);
  const lasting =
    incident.closedAt === null ? words.events.ongoing : words.events.lasted(duration(incident.closedAt - incident.openedAt));
  return (
    <li>
      <a class="incident" href={hrefOf({ view: "event", source: incident.source, incidentId: incident.incidentId })}>
        <LevelIcon level={incident.level} />
        <span class="incident-words">
          <bdi>{what}</bdi>
          <small>
            <span class="visually-hidden">{translate(words.level, incident.level)} · </span>
            <bdi>{camera}</bdi> · <time>{time(incident.openedAt)}</time> · {lasting}
          </small>
        </span>
        {incident.mark !== null && <MarkBadge mark={incident.mark} />}
        {incident.closedAt === null && <span class="pulse" aria-hidden="true" />}
      </a>
    </li>
  );
}

export function useCameraName(source: string): string {
  return useWorld((world) => world.cameras.get(source)?.name) ?? source;
}

/** What happened, in the reader's language. */
export function useIncidentWords({ kind, words, zone }: Incident): string {
  return explain({ cause: kind, words, zone, value: null }, useLanguage());
}
