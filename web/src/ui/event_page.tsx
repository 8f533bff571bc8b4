/** One incident: what, where, when, and why. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { translate } from "../i18n/language";
import { toJson } from "../state/filter";
import { COMMAND, keyOf, type Incident } from "../state/incidents";
import { MEDIA_FILES, mediaAddress } from "../wire/media";
import type { Hub } from "../wire/hub";
import type { Source } from "../wire/messages";
import { useApp, useLanguage, useWorld } from "./context";
import { Evidence } from "./evidence";
import { saveFile } from "./files";
import { LevelIcon, ToolIcon } from "./icons";
import { useCameraName, useIncidentWords } from "./incidents";
import { MarkCard } from "./marks";
import { Factors, WhatIfLink } from "./risk";
import { hrefOf } from "./route";

export function EventPage({ source, incidentId }: { readonly source: Source; readonly incidentId: string }): JSX.Element {
  const { words } = useLanguage();
  const incident = useIncident(source, incidentId);
  const looking = useSearch(source, incidentId, incident !== undefined);
  return (
    <article class="event-page" key={`${source}/${incidentId}`}>
      <a class="back" href={hrefOf({ view: "events" })}>
        <ToolIcon tool="back" />
        {words.events.back}
      </a>
      {incident === undefined ? (
        <p class="card quiet">{looking ? words.events.looking : words.events.missing}</p>
      ) : (
        <Whole incident={incident} />
      )}
    </article>
  );
}

function useIncident(source: Source, incidentId: string): Incident | undefined {
  return useWorld(({ incidents, sought }) =>
    [...incidents, ...(sought === null ? [] : [sought])].find(
      (candidate) => candidate.source === source && candidate.incidentId === incidentId,
    ),
  );
}

/** An incident that the page does not hold is looked for in the hub's history; true while that lasts. */
function useSearch(source: Source, incidentId: string, found: boolean): boolean {
  const { monitor } = useApp();
  const [searched, setSearched] = useState("");
  const key = keyOf({ source, incidentId });
  useEffect(() => {
    if (found) return undefined;
    let gone = false;
    void monitor.seek(source, incidentId).then(() => gone || setSearched(key));
    return () => void (gone = true);
  }, [monitor, key, found]);
  return searched !== key;
}

/** What a person told a camera has neither pictures nor a verdict. */
function Whole({ incident }: { readonly incident: Incident }): JSX.Element {
  if (incident.kind === COMMAND) return <Facts incident={incident} />;
  return (
    <div class="event-parts">
      <div class="event-main">
        <Evidence incident={incident} />
        <MarkCard incident={incident} />
      </div>
      <Facts incident={incident} />
    </div>
  );
}

function Facts({ incident }: { readonly incident: Incident }): JSX.Element {
  const { words, dateTime, number, duration } = useLanguage();
  const { monitor } = useApp();
  const camera = useCameraName(incident.source);
  const what = useIncidentWords(incident);
  const closed = incident.closedAt;
  return (
    <section class={`card edge-${incident.level.toLowerCase()}`}>
      <h1 class="event-title">
        <LevelIcon level={incident.level} />
        <bdi>{what}</bdi>
      </h1>
      <dl class="facts">
        <Fact name={words.events.level}>{translate(words.level, incident.level)}</Fact>
        <Fact name={words.events.score}>{words.risk.of100(number(Math.round(incident.score * 100)))}</Fact>
        <Fact name={words.events.camera}>
          <a href={hrefOf({ view: "live", source: incident.source })} dir="auto">
            {camera}
          </a>
        </Fact>
        <Fact name={words.events.kind}>{translate(words.cause, incident.kind)}</Fact>
        {incident.zone !== "" && <Fact name={words.events.zone}>{incident.zone}</Fact>}
        <Fact name={words.events.opened}>{dateTime(incident.openedAt)}</Fact>
        <Fact name={words.events.closed}>
          {closed === null ? words.events.ongoing : `${dateTime(closed)} · ${words.events.lasted(duration(closed - incident.openedAt))}`}
        </Fact>
        {incident.trackIds.length > 0 && (
          <Fact name={words.events.tracks}>{incident.trackIds.map((id) => `#${id}`).join(" ")}</Fact>
        )}
      </dl>
      <h2>{words.events.factors}</h2>
      <Factors factors={incident.factors} score={incident.score} />
      {incident.kind !== COMMAND && <WhatIfLink source={incident.source} at={Math.round(incident.openedAt)} />}
      <button type="button" class="tool outlined" onClick={() => saveJson(incident, monitor.hub)}>
        <ToolIcon tool="export" />
        {words.events.exportOne}
      </button>
    </section>
  );
}

function saveJson(incident: Incident, hub: Hub): void {
  const media = MEDIA_FILES.map((file) => mediaAddress(hub, incident.source, incident.incidentId, file).href);
  saveFile(new Blob([toJson(incident, media)], { type: "application/json" }), `${incident.incidentId}.json`);
}

function Fact({ name, children }: { readonly name: string; readonly children: JSX.Element | string }): JSX.Element {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>
        <bdi>{children}</bdi>
      </dd>
    </div>
  );
}
