/** One camera large, the others in a strip, and why the risk is what it is. */

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { useCamera, useLanguage, useWorld } from "./context";
import { ControlPanel } from "./control";
import { filterIncidents, NO_FILTER } from "../state/filter";
import type { CameraView } from "../state/world";
import type { Source } from "../wire/messages";
import { Hops } from "./hops";
import { HourChart } from "./hour_chart";
import { StateIcon } from "./icons";
import { IncidentList } from "./incidents";
import { RiskCard, WhatIfLink } from "./risk";
import { hrefOf, lastMinute } from "./route";
import { SceneCard } from "./scene";
import { currentLevel, Picture, Tile } from "./tile";
import { Toolbar } from "./toolbar";
import { useDoubt, useTruth } from "./truth";

const INCIDENTS_SHOWN = 12;

export function Live({ source }: { readonly source: Source | null }): JSX.Element {
  const { words } = useLanguage();
  const cameras = useWorld((world) => world.cameras);
  const incidents = useWorld((world) => world.incidents);
  const shown = useShownSource(source, cameras);
  const camera = useCamera(shown ?? "");
  const others = [...cameras.values()].filter((other) => other.source !== shown);
  if (camera === undefined) return <NoCamera asked={source !== null} />;
  return (
    <div class="live">
      <div class="live-main">
        <Stage key={camera.source} camera={camera} />
        <ControlPanel key={`control ${camera.source}`} camera={camera} />
        {others.length > 0 && (
          <nav class="strip" aria-label={words.cameras.title}>
            {others.map((other) => (
              <Tile key={other.source} camera={other} href={hrefOf({ view: "live", source: other.source })} />
            ))}
          </nav>
        )}
      </div>
      <aside class="live-side">
        <Judgement camera={camera} />
        <section class="card" aria-labelledby="events-title">
          <h2 id="events-title">
            {words.events.title}
            <a class="more" href={hrefOf({ view: "events" })}>
              {words.events.all}
            </a>
          </h2>
          <IncidentList incidents={filterIncidents(incidents, NO_FILTER).slice(0, INCIDENTS_SHOWN)} empty={words.events.none} />
        </section>
      </aside>
    </div>
  );
}

/** The camera that was asked for, else the first that is live; it stays the same while others come and go. */
function useShownSource(asked: Source | null, cameras: ReadonlyMap<Source, CameraView>): Source | null {
  const chosen = useRef<Source | null>(null);
  const kept = chosen.current === null ? undefined : cameras.get(chosen.current);
  if (kept === undefined || (kept.picture === null && !isLive(kept))) {
    const all = [...cameras.values()];
    chosen.current = (all.find(isLive) ?? all[0])?.source ?? null;
  }
  return asked ?? chosen.current;
}

function isLive(camera: CameraView): boolean {
  return camera.edgeOnline && (camera.state === "live" || camera.picture !== null);
}

/** Risk and figures; when their moment has passed they say so. */
function Judgement({ camera }: { readonly camera: CameraView }): JSX.Element {
  const doubt = useDoubt(camera);
  return (
    <>
      <RiskCard risk={camera.observation?.risk ?? null} doubt={doubt}>
        <WhatIfLink source={camera.source} at={camera.observation === null ? null : lastMinute(camera.observation.capturedAt)} />
        <HourChart camera={camera} />
      </RiskCard>
      <SceneCard observation={camera.observation} doubt={doubt} />
    </>
  );
}

function NoCamera({ asked }: { readonly asked: boolean }): JSX.Element {
  const { words } = useLanguage();
  return (
    <section class="card empty">
      <h2>{asked ? words.cameras.gone : words.cameras.none}</h2>
      <p class="quiet">{words.cameras.noneHint}</p>
      {asked && (
        <a class="tool outlined" href={hrefOf({ view: "grid" })}>
          {words.nav.grid}
        </a>
      )}
    </section>
  );
}

function Stage({ camera }: { readonly camera: CameraView }): JSX.Element {
  const truth = useTruth(camera);
  const stage = useRef<HTMLElement>(null);
  const level = currentLevel(camera, truth);
  return (
    <figure ref={stage} class={`stage edge-${level.toLowerCase()}`}>
      <figcaption class="stage-head">
        <h1 dir="auto">{camera.name}</h1>
        <span class={`badge state-${truth.state}`}>
          <StateIcon state={truth.state} />
          {truth.words}
        </span>
        <Hops source={camera.source} truth={truth} />
      </figcaption>
      <Picture camera={camera} truth={truth} ownShape />
      <Toolbar camera={camera} stage={stage} />
    </figure>
  );
}
