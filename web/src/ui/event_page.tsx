/** One incident: what, where, when, and why. */

import type { JSX } from "preact";
import { translate } from "../i18n/language";
import type { Source } from "../wire/messages";
import { useLanguage, useWorld } from "./context";
import { LevelIcon, ToolIcon } from "./icons";
import { useCameraName, useIncidentWords } from "./incidents";
import type { Incident } from "../state/incidents";
import { Factors } from "./risk";
import { hrefOf } from "./route";

export function EventPage({ source, incidentId }: { readonly source: Source; readonly incidentId: string }): JSX.Element {
  const { words } = useLanguage();
  const incident = useWorld((world) =>
    world.incidents.find((candidate) => candidate.source === source && candidate.incidentId === incidentId),
  );
  return (
    <article class="event-page">
      <a class="back" href={hrefOf({ view: "events" })}>
        <ToolIcon tool="back" />
        {words.events.back}
      </a>
      {incident === undefined ? <p class="card quiet">{words.events.missing}</p> : <Facts incident={incident} />}
    </article>
  );
}

function Facts({ incident }: { readonly incident: Incident }): JSX.Element {
  const { words, dateTime, number, duration } = useLanguage();
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
    </section>
  );
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
