/** Zones, masks and lines on the picture; the chosen one with its handles. */

import type { JSX } from "preact";
import type { Line, Spot, Zone } from "../wire/policy";
import { Board, BoardName, pointsOf, useShape } from "./board";
import type { Drawing } from "./drawing";
import { center, inward, middle, moved, movedShape, towards, withCorner } from "./geometry";
import { Handle } from "./handle";
import type { Workbench } from "./use_draft";
import { useSetUpWords } from "./words/words";

const ARROW_OF_HEIGHT = 0.12;
const FEWEST_CORNERS = 3;

interface PlacesBoardProps {
  readonly bench: Workbench;
  readonly chosen: string;
  readonly onChoose: (name: string) => void;
  readonly drawing: Drawing | null;
  readonly onAim: (to: Spot) => void;
  readonly onTap: (spot: Spot) => void;
}

export function PlacesBoard({ bench, chosen, onChoose, drawing, onAim, onTap }: PlacesBoardProps): JSX.Element {
  const { zones, lines } = bench.policy;
  const shape = useShape(bench.source);
  const counts = bench.rehearsal?.then.byZone ?? {};
  const zone = zones.find(({ name }) => name === chosen);
  const line = lines.find(({ name }) => name === chosen);
  return (
    <Board
      source={bench.source}
      onTap={drawing === null ? undefined : onTap}
      shapes={
        <>
          {zones.map((each) => (
            <ZoneShape key={each.name} zone={each} shape={shape} chosen={each === zone} onChoose={onChoose} />
          ))}
          {lines.map((each) => (
            <LineShape key={each.name} line={each} shape={shape} chosen={each === line} onChoose={onChoose} />
          ))}
          {drawing !== null && <polyline class="drawn" points={pointsOf([...drawing.spots, drawing.aim])} />}
        </>
      }
    >
      {zones.map(({ name, polygon }) => (
        <BoardName key={name} at={center(polygon)} name={name} count={counts[name] ?? 0} />
      ))}
      {lines.map(({ name, start, end }) => (
        <BoardName key={name} at={middle(start, end)} name={name} count={counts[name] ?? 0} />
      ))}
      {drawing !== null ? (
        <Aim drawing={drawing} onAim={onAim} onTap={onTap} />
      ) : zone !== undefined ? (
        <ZoneHandles key={zone.name} bench={bench} zone={zone} />
      ) : (
        line !== undefined && <LineHandles key={line.name} bench={bench} line={line} />
      )}
    </Board>
  );
}

interface ShapeProps {
  readonly shape: number;
  readonly chosen: boolean;
  readonly onChoose: (name: string) => void;
}

function ZoneShape({ zone, shape, chosen, onChoose }: ShapeProps & { readonly zone: Zone }): JSX.Element {
  const kind = zone.kind === "mask" ? "mask" : zone.restricted ? "restricted" : "usual";
  const at = center(zone.polygon);
  return (
    <g class={`place place-${kind}${chosen ? " chosen" : ""}`} onClick={() => onChoose(zone.name)}>
      <polygon class="halo" points={pointsOf(zone.polygon)} />
      <polygon class="body" points={pointsOf(zone.polygon)} />
      {zone.directionDeg !== null && <Arrow from={at} by={towards(zone.directionDeg, shape, ARROW_OF_HEIGHT)} shape={shape} />}
    </g>
  );
}

function LineShape({ line, shape, chosen, onChoose }: ShapeProps & { readonly line: Line }): JSX.Element {
  const { start, end, allowed } = line;
  const points = pointsOf([start, end]);
  const by = inward(start, end, shape, ARROW_OF_HEIGHT / 2);
  const from = middle(start, end);
  return (
    <g class={`place place-line${chosen ? " chosen" : ""}`} onClick={() => onChoose(line.name)}>
      <polyline class="halo" points={points} />
      <polyline class="body" points={points} />
      <polyline class="reach" points={points} />
      {allowed !== "out" && <Arrow from={from} by={by} shape={shape} />}
      {allowed !== "in" && <Arrow from={from} by={[-by[0], -by[1]]} shape={shape} />}
    </g>
  );
}

/** A shaft and two barbs, right-angled in pixels whatever the shape of the picture. */
function Arrow({ from, by, shape }: { readonly from: Spot; readonly by: Spot; readonly shape: number }): JSX.Element {
  const tip = moved(from, by);
  const [along, down] = [by[0] * shape, by[1]];
  const barb = (side: 1 | -1): Spot =>
    moved(tip, [(-along * 0.35 + side * down * 0.25) / shape, -down * 0.35 - side * along * 0.25]);
  const points = pointsOf([from, tip, barb(1), tip, barb(-1)]);
  return (
    <>
      <polyline class="halo" points={points} />
      <polyline class="arrow" points={points} />
    </>
  );
}

function ZoneHandles({ bench, zone }: { readonly bench: Workbench; readonly zone: Zone }): JSX.Element {
  const words = useSetUpWords();
  const { polygon, name } = zone;
  const reshape = (next: readonly Spot[], stroke: string): void =>
    bench.change({ zones: bench.policy.zones.map((each) => (each.name === name ? { ...each, polygon: next } : each)) }, stroke);
  const at = center(polygon);
  const remove = (index: number): void => {
    if (polygon.length > FEWEST_CORNERS) reshape(polygon.filter((_, other) => other !== index), "");
  };
  return (
    <>
      {polygon.map((corner, index) => (
        <Handle
          key={index}
          kind="corner"
          at={corner}
          name={words.board.corner(index + 1, name)}
          onMove={(to) => reshape(polygon.map((old, other) => (other === index ? to : old)), `corner ${index} of ${name}`)}
          onDelete={() => remove(index)}
        />
      ))}
      {polygon.map((corner, index) => {
        const between = middle(corner, polygon[(index + 1) % polygon.length] ?? corner);
        return (
          <Handle
            key={`after ${index}`}
            kind="between"
            at={between}
            mark="+"
            name={words.board.addCorner(index + 1, name)}
            onMove={() => undefined}
            onPress={() => reshape(withCorner(polygon, index, between), "")}
          />
        );
      })}
      <Handle
        kind="whole"
        at={at}
        name={words.board.whole(name)}
        onMove={([x, y]) => reshape(movedShape(polygon, [x - at[0], y - at[1]]), `all of ${name}`)}
      />
    </>
  );
}

function LineHandles({ bench, line }: { readonly bench: Workbench; readonly line: Line }): JSX.Element {
  const words = useSetUpWords();
  const { start, end, name } = line;
  const reshape = (change: Partial<Line>, stroke: string): void =>
    bench.change({ lines: bench.policy.lines.map((each) => (each.name === name ? { ...each, ...change } : each)) }, stroke);
  const at = middle(start, end);
  const moveAll = ([x, y]: Spot): void => {
    const [from, to] = movedShape([start, end], [x - at[0], y - at[1]]);
    if (from !== undefined && to !== undefined) reshape({ start: from, end: to }, `all of ${name}`);
  };
  return (
    <>
      <Handle kind="corner" at={start} name={words.board.start(name)} mark="1" onMove={(to) => reshape({ start: to }, `start of ${name}`)} />
      <Handle kind="corner" at={end} name={words.board.end(name)} mark="2" onMove={(to) => reshape({ end: to }, `end of ${name}`)} />
      <Handle kind="whole" at={at} name={words.board.whole(name)} onMove={moveAll} />
    </>
  );
}

interface AimProps {
  readonly drawing: Drawing;
  readonly onAim: (to: Spot) => void;
  readonly onTap: (spot: Spot) => void;
}

/** What is drawn so far, and the cross-hairs with which keys draw. */
function Aim({ drawing: { spots, aim }, onAim, onTap }: AimProps): JSX.Element {
  const words = useSetUpWords();
  return (
    <>
      {spots.map(([x, y], index) => (
        <span key={index} class="dot" style={{ left: `${x * 100}%`, top: `${y * 100}%` }} />
      ))}
      <Handle kind="aim" at={aim} name={words.board.aim} autoFocus onMove={onAim} onPress={() => onTap(aim)} />
    </>
  );
}
