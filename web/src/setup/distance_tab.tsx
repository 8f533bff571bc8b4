/** Calibration: the corners of a rectangle on the ground and the length of a side; the metres it makes, drawn. */

import type { JSX } from "preact";
import { useApp, useCamera, useLanguage } from "../ui/context";
import { Why } from "../ui/why";
import type { Refusal } from "../wire/hub";
import type { Calibration, Spot } from "../wire/policy";
import { checkCalibration, type CalibrationCheck } from "../wire/policy_desk";
import { Board, pointsOf } from "./board";
import { Handle } from "./handle";
import { NumberField } from "./inputs";
import { useLatest } from "./latest";
import { useProblemAt } from "./problems";
import type { Workbench } from "./use_draft";
import { useSetUpWords } from "./words/words";

const CHECK_AFTER_MS = 250;
const FIRST_CORNERS: readonly Spot[] = [[0.28, 0.81], [0.87, 0.66], [0.61, 0.46], [0.23, 0.51]];

export function DistanceTab({ bench }: { readonly bench: Workbench }): JSX.Element {
  const words = useSetUpWords();
  const { calibration } = bench.policy;
  const seen = useCamera(bench.source)?.observation;
  const begin = (): void =>
    bench.change({
      calibration: { corners: FIRST_CORNERS, sideM: 3, secondM: null, width: seen?.width || 640, height: seen?.height || 480, clickPx: 2 },
    });
  if (calibration === null) {
    return (
      <section class="card empty">
        <h2>{words.distance.none}</h2>
        <p class="quiet">{words.distance.noneHint}</p>
        <button type="button" class="tool primary" onClick={begin}>
          {words.distance.begin}
        </button>
      </section>
    );
  }
  return <Known bench={bench} calibration={calibration} />;
}

function Known({ bench, calibration }: { readonly bench: Workbench; readonly calibration: Calibration }): JSX.Element {
  const words = useSetUpWords();
  const { number } = useLanguage();
  const { corners, sideM, secondM } = calibration;
  const { hub } = useApp().monitor;
  const { value: check, refusal } = useLatest(() => checkCalibration(hub, bench.source, calibration), [calibration], CHECK_AFTER_MS);
  const set = (change: Partial<Calibration>, stroke: string): void => bench.change({ calibration: { ...calibration, ...change } }, stroke);
  const [first, second] = corners;
  const problemAt = useProblemAt(bench.problems);
  return (
    <div class="workroom">
      <div class="workroom-main">
        <Board
          source={bench.source}
          shapes={
            <>
              {check?.ok && check.grid.map((line, index) => <polyline key={index} class="grid-line" points={pointsOf(line)} />)}
              <polygon class="halo" points={pointsOf(corners)} />
              <polygon class="rectangle" points={pointsOf(corners)} />
              {first !== undefined && second !== undefined && <polyline class="measured" points={pointsOf([first, second])} />}
            </>
          }
        >
          {corners.map((corner, index) => (
            <Handle
              key={index}
              kind="corner"
              at={corner}
              mark={number(index + 1)}
              name={words.distance.corner(index + 1)}
              onMove={(to) => set({ corners: corners.map((old, other) => (other === index ? to : old)) }, `corner ${index}`)}
            />
          ))}
        </Board>
        <p class="quiet hint">{words.distance.hint}</p>
      </div>
      <section class="workroom-side card form" aria-labelledby="distance-title">
        <h2 id="distance-title">{words.distance.title}</h2>
        <NumberField
          name={words.distance.side}
          value={sideM}
          step={0.1}
          onChange={(value) => set({ sideM: value ?? 0 }, "side")}
          problem={problemAt("calibration.side_m")}
        />
        <NumberField
          name={words.distance.second}
          hint={words.distance.secondHint}
          value={secondM}
          step={0.1}
          onChange={(value) => set({ secondM: value }, "second side")}
          problem={problemAt("calibration.second_m")}
        />
        <Verdict check={check} refusal={refusal} />
        <button type="button" class="tool outlined danger" onClick={() => bench.change({ calibration: null })}>
          {words.distance.remove}
        </button>
      </section>
    </div>
  );
}

function Verdict({ check, refusal }: { readonly check: CalibrationCheck | null; readonly refusal: Refusal | null }): JSX.Element | null {
  const words = useSetUpWords();
  const language = useLanguage();
  if (refusal !== null) return <p class="problem"><Why refusal={refusal} /></p>;
  if (check === null) return null;
  if (!check.ok) {
    return (
      <p class="problem" role="status">
        {words.problem.no_ground} <bdi lang="en">{check.words}</bdi>
      </p>
    );
  }
  return (
    <div role="status">
      <p>{words.distance.right}</p>
      <dl class="figures">
        {check.errors.map(({ place, across, along }) => (
          <div key={place} class="figure">
            <dt>{words.distance.place[place]}</dt>
            <dd>
              <bdi>{`± ${language.percent(Math.max(across, along))}`}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
