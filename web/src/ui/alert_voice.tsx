/** Tells a screen reader of alerts, and of nothing else: frames and figures stay silent. */

import type { JSX } from "preact";
import { isolate, translate } from "../i18n/language";
import { levelRank } from "../state/incidents";
import { useLanguage, useWorld } from "./context";
import { useCameraName, useIncidentWords } from "./incidents";
import type { Incident } from "../state/incidents";

export function AlertVoice(): JSX.Element {
  const incidents = useWorld((world) => world.incidents);
  const newest = incidents.find((incident) => incident.closedAt === null && levelRank(incident.level) >= levelRank("ALERT"));
  return (
    <div class="visually-hidden" aria-live="polite" aria-atomic="true">
      {newest !== undefined && <Spoken incident={newest} />}
    </div>
  );
}

function Spoken({ incident }: { readonly incident: Incident }): JSX.Element {
  const { words } = useLanguage();
  const camera = useCameraName(incident.source);
  const what = useIncidentWords(incident);
  return <p>{words.events.alert(translate(words.level, incident.level), isolate(camera), isolate(what))}</p>;
}
