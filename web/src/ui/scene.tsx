/** The scene in figures. */

import type { ComponentChildren, JSX } from "preact";
import type { Observation } from "../wire/messages";
import { useLanguage } from "./context";
import { Doubt } from "./risk";
import { translate } from "../i18n/language";

interface SceneCardProps {
  readonly observation: Observation | null;
  /** As for the risk: empty while the figures are of this moment. */
  readonly doubt: string;
}

export function SceneCard({ observation, doubt }: SceneCardProps): JSX.Element {
  const { words, number } = useLanguage();
  const scene = observation?.scene ?? null;
  const speed = scene?.avgSpeed ?? null;
  return (
    <section class={doubt === "" ? "card" : "card unsure"} aria-labelledby="scene-title">
      <h2 id="scene-title">
        {words.scene.title}
        <Doubt words={doubt} />
      </h2>
      <dl class="figures">
        <Figure name={words.scene.persons}>{scene === null ? "–" : number(scene.persons)}</Figure>
        <Figure name={words.scene.vehicles}>{scene === null ? "–" : number(scene.vehicles)}</Figure>
        <Figure name={words.scene.speed}>
          {speed === null ? "–" : number(speed.value, 1)} {speed !== null && <small>{translate(words.unit, speed.unit)}</small>}
        </Figure>
        <Figure name={words.scene.convoy} alert={scene?.convoyDetected ?? false}>
          {yesNo(scene?.convoyDetected, words.scene.convoyYes, words.scene.convoyNo)}
        </Figure>
        <Figure name={words.scene.thermal}>
          {yesNo(scene?.thermalActive, words.scene.thermalActive, words.scene.thermalNone)}
        </Figure>
        {scene !== null && scene.animals > 0 && <Figure name={words.scene.animals}>{number(scene.animals)}</Figure>}
        <Figure name={words.scene.fps}>{observation === null ? "–" : number(observation.fps, 1)}</Figure>
      </dl>
    </section>
  );
}

function yesNo(value: boolean | null | undefined, yes: string, no: string): string {
  return value == null ? "–" : value ? yes : no;
}

interface FigureProps {
  readonly name: string;
  readonly alert?: boolean;
  readonly children: ComponentChildren;
}

function Figure({ name, alert = false, children }: FigureProps): JSX.Element {
  return (
    <div class={alert ? "figure alerting" : "figure"}>
      <dt>{name}</dt>
      <dd>
        <bdi>{children}</bdi>
      </dd>
    </div>
  );
}
