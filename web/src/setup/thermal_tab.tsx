/** Where the thermal sensor looks: pairs of places that are the same in its picture and in the camera's. */

import type { JSX } from "preact";
import type { Layer } from "../draw/layers";
import { useCamera, useLanguage } from "../ui/context";
import { ToolIcon } from "../ui/icons";
import { celsiusWords } from "../ui/labels";
import type { Felt } from "../picture/heat";
import type { Box } from "../wire/box";
import type { Alignment, Spot } from "../wire/policy";
import { Board, BoardName, pointsOf, useShape } from "./board";
import { clamp, fitAlignment } from "./geometry";
import { Handle } from "./handle";
import { useProblemAt } from "./problems";
import { SensorPicture, transformOf, useFelt } from "./sensor_picture";
import type { Workbench } from "./use_draft";
import { useSetUpWords } from "./words/words";

const FEWEST = 3;
/** Heat is laid here as it is being aligned, not as it was. */
const LAID_HERE: readonly Layer[] = ["zones", "thermal"];
const SAME_VIEW: Alignment = {
  thermal: [[0.1, 0.1], [0.9, 0.1], [0.1, 0.9]],
  image: [[0.1, 0.1], [0.9, 0.1], [0.1, 0.9]],
};
const FIELD: readonly Spot[] = [[0, 0], [1, 0], [1, 1], [0, 1]];

export function ThermalTab({ bench }: { readonly bench: Workbench }): JSX.Element {
  const words = useSetUpWords();
  const active = useCamera(bench.source)?.observation?.scene.thermalActive === true;
  const { alignment } = bench.policy;
  if (alignment === null) {
    return (
      <section class="card empty">
        <h2>{active ? words.thermal.none : words.thermal.noSensor}</h2>
        <p class="quiet">{words.thermal.noneHint}</p>
        <button type="button" class="tool primary" onClick={() => bench.change({ alignment: SAME_VIEW })}>
          {words.thermal.begin}
        </button>
      </section>
    );
  }
  return <Pairs bench={bench} alignment={alignment} />;
}

function Pairs({ bench, alignment }: { readonly bench: Workbench; readonly alignment: Alignment }): JSX.Element {
  const words = useSetUpWords();
  const { number } = useLanguage();
  const { thermal, image } = alignment;
  const felt = useFelt(bench.source);
  const shape = useShape(bench.source);
  const spots = useHotspots(felt);
  const forth = fitAlignment(alignment);
  const set = (change: Partial<Alignment>, stroke = ""): void => bench.change({ alignment: { ...alignment, ...change } }, stroke);
  const replaced = (all: readonly Spot[], index: number, to: Spot): readonly Spot[] => all.map((old, other) => (other === index ? to : old));
  const addPair = (): void => set({ thermal: [...thermal, [0.5, 0.5]], image: [...image, clamp(forth?.([0.5, 0.5]) ?? [0.5, 0.5])] });
  const removePair = (): void => set({ thermal: thermal.slice(0, -1), image: image.slice(0, -1) });
  const problem = useProblemAt(bench.problems)("thermal_alignment");
  return (
    <div class="workroom">
      <div class="workroom-main">
        <Board
          source={bench.source}
          without={LAID_HERE}
          shapes={forth !== null && <polygon class="field-of-view" points={pointsOf(FIELD.map(forth))} />}
        >
          {forth !== null && felt !== null && <SensorPicture felt={felt} transform={transformOf(forth, shape)} />}
          {forth !== null && spots.map(({ at, words: said }, index) => <BoardName key={index} at={clamp(forth(at))} name={said} />)}
          {image.map((spot, index) => (
            <Handle
              key={index}
              kind="corner"
              at={spot}
              mark={number(index + 1)}
              name={words.thermal.inPicture(index + 1)}
              onMove={(to) => set({ image: replaced(image, index, to) }, `image ${index}`)}
            />
          ))}
        </Board>
      </div>
      <section class="workroom-side card form" aria-labelledby="thermal-title">
        <h2 id="thermal-title">{words.thermal.title}</h2>
        <div class="board sensor" dir="ltr">
          {felt !== null && <SensorPicture felt={felt} />}
          {spots.map(({ at, words: said }, index) => (
            <BoardName key={index} at={at} name={said} />
          ))}
          {thermal.map((spot, index) => (
            <Handle
              key={index}
              kind="corner"
              at={spot}
              mark={number(index + 1)}
              name={words.thermal.inSensor(index + 1)}
              onMove={(to) => set({ thermal: replaced(thermal, index, to) }, `thermal ${index}`)}
            />
          ))}
        </div>
        <p class="quiet hint">{words.thermal.hint}</p>
        {spots.length === 0 && <p class="quiet hint">{words.thermal.cold}</p>}
        {forth === null && <p class="problem">{words.problem.no_alignment}</p>}
        {problem !== "" && <p class="problem">{problem}</p>}
        <div class="bar-row">
          <button type="button" class="tool outlined" onClick={addPair}>
            <ToolIcon tool="add" />
            {words.thermal.addPair}
          </button>
          <button type="button" class="tool outlined" disabled={thermal.length <= FEWEST} onClick={removePair}>
            {words.thermal.removePair}
          </button>
        </div>
        <button type="button" class="tool outlined danger" onClick={() => bench.change({ alignment: null })}>
          {words.thermal.remove}
        </button>
      </section>
    </div>
  );
}

interface Hotspot {
  /** In the thermal picture. */
  readonly at: Spot;
  readonly words: string;
}

/** What is warm now, in the sensor's own view. */
function useHotspots(felt: Felt | null): readonly Hotspot[] {
  const language = useLanguage();
  return (felt?.thermogram.spots ?? []).map(({ box, celsius }) => ({ at: middleOf(box), words: celsiusWords(celsius, language) }));
}

function middleOf([left, top, right, bottom]: Box): Spot {
  return [(left + right) / 2, (top + bottom) / 2];
}
