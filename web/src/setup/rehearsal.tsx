/** What the draft would have done in the last minutes, beside what happened. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { isolate, translate } from "../i18n/language";
import { useLanguage } from "../ui/context";
import { LevelIcon } from "../ui/icons";
import { Why } from "../ui/why";
import type { Numbers } from "../wire/policy";
import type { Rehearsal } from "../wire/policy_desk";
import { CourseChart } from "./course_chart";
import type { Workbench } from "./use_draft";
import { useSetUpWords } from "./words/words";

const INCIDENTS_SHOWN = 8;

export function RehearsalCard({ bench }: { readonly bench: Workbench }): JSX.Element | null {
  const words = useSetUpWords();
  const language = useLanguage();
  const { rehearsal, rehearsing } = bench;
  const card = useRef<HTMLElement>(null);
  useEffect(() => card.current?.scrollIntoView({ block: "nearest" }), [rehearsal]);
  if (rehearsal === null && rehearsing.refusal === null) return null;
  return (
    <section ref={card} class={bench.isOutdated ? "card rehearsal outdated" : "card rehearsal"} aria-labelledby="rehearsal-title" aria-busy={rehearsing.sending}>
      <h2 id="rehearsal-title">
        {words.rehearsal.title}
        {rehearsal !== null && <span>{words.rehearsal.recorded(language.number(rehearsal.minutesRecorded, 1))}</span>}
      </h2>
      {rehearsing.refusal !== null && <p class="problem"><Why refusal={rehearsing.refusal} /></p>}
      {rehearsal !== null && bench.isOutdated && <p class="doubt">{words.rehearsal.outdated}</p>}
      {rehearsal !== null && <Result rehearsal={rehearsal} bench={bench} />}
    </section>
  );
}

function Result({ rehearsal, bench }: { readonly rehearsal: Rehearsal; readonly bench: Workbench }): JSX.Element {
  const words = useSetUpWords();
  const language = useLanguage();
  const { now, then, notes } = rehearsal;
  const { watch, alert, critical } = bench.policy.levels;
  const before = now.incidents.length;
  const after = then.incidents.length;
  return (
    <>
      <p class="rehearsal-sum">
        <strong>{words.rehearsal.sum(after)}</strong> <span class="quiet">{words.rehearsal.before(before)}</span>
      </p>
      <CourseChart now={now.course} then={then.course} levels={[watch, alert, critical]} />
      <Counts title={words.rehearsal.byPlace} now={now.byZone} then={then.byZone} name={isolate} />
      <Counts title={words.rehearsal.byKind} now={now.byKind} then={then.byKind} name={(kind) => translate(language.words.cause, kind)} />
      <ol class="incidents">
        {then.incidents.slice(0, INCIDENTS_SHOWN).map(({ kind, zone, at, level, words: said }, index) => (
          <li key={index} class="incident">
            <LevelIcon level={level} />
            <span class="incident-words">
              <bdi>{language.code === "en" && said !== "" ? said : translate(language.words.cause, kind)}</bdi>
              <small>
                {language.time(at)}
                {zone !== "" && ` · ${isolate(zone)}`}
              </small>
            </span>
          </li>
        ))}
      </ol>
      {notes.map((note) => (
        <p key={note} class="quiet hint">
          <bdi lang="en">{note}</bdi>
        </p>
      ))}
    </>
  );
}

interface CountsProps {
  readonly title: string;
  readonly now: Numbers;
  readonly then: Numbers;
  readonly name: (key: string) => string;
}

function Counts({ title, now, then, name }: CountsProps): JSX.Element | null {
  const words = useSetUpWords();
  const { number } = useLanguage();
  const keys = [...new Set([...Object.keys(now), ...Object.keys(then)])].filter((key) => key !== "").sort();
  if (keys.length === 0) return null;
  return (
    <table class="receipt counts">
      <thead>
        <tr>
          <th scope="col">{title}</th>
          <th scope="col">{words.rehearsal.now}</th>
          <th scope="col">{words.rehearsal.then}</th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key}>
            <td>{name(key)}</td>
            <td>{number(now[key] ?? 0)}</td>
            <td>
              <strong>{number(then[key] ?? 0)}</strong>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
