/** A recorded minute with other weights: what the risk was, and what it would have been. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { isolate, translate } from "../i18n/language";
import { useApp, useCamera, useLanguage, useMay } from "../ui/context";
import { ToolIcon } from "../ui/icons";
import { Why } from "../ui/why";
import { hrefOf } from "../ui/route";
import type { Source } from "../wire/messages";
import type { Numbers } from "../wire/policy";
import { askWhatIf, type WhatIf } from "../wire/policy_desk";
import { CourseChart } from "./course_chart";
import { Scale, usePoints } from "./inputs";
import { useLatest } from "./latest";
import { useSetUpWords } from "./words/words";

const ASK_AFTER_MS = 150;
const STEP_S = 60;
const HEAVIEST = 0.99;

export function WhatIfView({ source, at }: { readonly source: Source; readonly at: number }): JSX.Element {
  const words = useSetUpWords();
  const { words: common, dateTime } = useLanguage();
  const name = useCamera(source)?.name ?? source;
  const [weights, setWeights] = useState<Numbers>({});
  const { hub } = useApp().monitor;
  const { value: result, refusal } = useLatest(() => askWhatIf(hub, source, at, weights), [weights], ASK_AFTER_MS);
  return (
    <div class="setup">
      <div class="setup-head">
        <a class="back" href={hrefOf({ view: "live", source })}>
          <ToolIcon tool="back" />
          <bdi>{name}</bdi>
        </a>
        <h1>{words.whatIf.title}</h1>
      </div>
      <div class="bar-row">
        <a class="tool outlined" href={hrefOf({ view: "what-if", source, at: at - STEP_S })}>
          {words.whatIf.before}
        </a>
        <strong>{dateTime(at)}</strong>
        <a class="tool outlined" href={hrefOf({ view: "what-if", source, at: at + STEP_S })}>
          {words.whatIf.after}
        </a>
      </div>
      {refusal !== null && <p class="card problem"><Why refusal={refusal} /></p>}
      {result === null && refusal === null && <p class="card empty quiet">{common.session.loading}</p>}
      {result !== null && <Minute source={source} result={result} weights={weights} onWeights={setWeights} />}
    </div>
  );
}

interface MinuteProps {
  readonly source: Source;
  readonly result: WhatIf;
  readonly weights: Numbers;
  readonly onWeights: (weights: Numbers) => void;
}

function Minute({ source, result, weights, onWeights }: MinuteProps): JSX.Element {
  const words = useSetUpWords();
  const { words: common } = useLanguage();
  const points = usePoints();
  const mayKeep = useMay("admin");
  const causes = Object.entries(result.weights).sort(([, a], [, b]) => b - a);
  return (
    <div class="workroom">
      <section class="workroom-main card" aria-labelledby="course-title">
        <h2 id="course-title">{words.whatIf.course}</h2>
        <CourseChart now={result.now} then={result.then} />
        <h3>{words.whatIf.factors}</h3>
        <Factors result={result} />
      </section>
      <section class="workroom-side card" aria-labelledby="weights-title">
        <h2 id="weights-title">{words.whatIf.weights}</h2>
        {causes.length === 0 && <p class="quiet">{words.whatIf.nothing}</p>}
        {causes.map(([cause, weight]) => (
          <Scale
            key={cause}
            name={translate(common.cause, cause)}
            value={weights[cause] ?? weight}
            most={HEAVIEST}
            step={0.01}
            words={points(weights[cause] ?? weight)}
            usual={weight}
            onChange={(next) => onWeights({ ...weights, [cause]: next })}
          />
        ))}
        <div class="bar-row">
          <button type="button" class="tool outlined" disabled={Object.keys(weights).length === 0} onClick={() => onWeights({})}>
            {words.whatIf.reset}
          </button>
          {mayKeep && (
            <a class="tool outlined" href={hrefOf({ view: "setup", place: { section: "camera", source, tab: "risk" } })}>
              {words.whatIf.policy}
            </a>
          )}
        </div>
        <p class="quiet hint">{words.whatIf.hint}</p>
      </section>
    </div>
  );
}

function Factors({ result }: { readonly result: WhatIf }): JSX.Element {
  const words = useSetUpWords();
  const { words: common } = useLanguage();
  const points = usePoints();
  if (result.factors.length === 0) return <p class="quiet">{common.risk.nothing}</p>;
  return (
    <ol class="factors">
      {result.factors.map(({ cause, now, then }) => (
        <li key={cause} class="factor changed">
          <span class="factor-words">{translate(common.cause, cause)}</span>
          <span class="factor-points">
            <span class="visually-hidden">{words.whatIf.change(points(now), points(then))}</span>
            <bdi aria-hidden="true">{points(now) === points(then) ? points(now) : `${isolate(points(now))} → ${isolate(points(then))}`}</bdi>
          </span>
          <span class="bar bar-now" aria-hidden="true">
            <span class="bar-fill" style={{ inlineSize: `${Math.min(1, Math.abs(now)) * 100}%` }} />
          </span>
          <span class="bar" aria-hidden="true">
            <span class="bar-fill" style={{ inlineSize: `${Math.min(1, Math.abs(then)) * 100}%` }} />
          </span>
        </li>
      ))}
    </ol>
  );
}
