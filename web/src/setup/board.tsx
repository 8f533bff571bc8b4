/** The camera's picture with what is drawn over it. The picture is never mirrored, whatever the language. */

import type { ComponentChildren, JSX } from "preact";
import type { Layer } from "../draw/layers";
import { useCamera, useLanguage } from "../ui/context";
import { Picture } from "../ui/tile";
import { useTruth } from "../ui/truth";
import type { CameraView } from "../state/world";
import type { Source } from "../wire/messages";
import type { Spot } from "../wire/policy";
import { clamp } from "./geometry";
import { pointed } from "./handle";
import { useSetUpWords } from "./words/words";

const USUAL_SHAPE = 16 / 9;
/** The board draws zones itself, as they are being worked on. */
const DRAWN_HERE: readonly Layer[] = ["zones"];

/** Width over height of a camera's picture. */
export function useShape(source: Source): number {
  const seen = useCamera(source)?.observation;
  return seen == null || seen.width * seen.height === 0 ? USUAL_SHAPE : seen.width / seen.height;
}

interface BoardProps {
  readonly source: Source;
  /** Vectors in a square of 1 by 1 that is stretched over the picture. */
  readonly shapes: ComponentChildren;
  /** A tap on the picture itself, while it matters where. */
  readonly onTap?: ((spot: Spot) => void) | undefined;
  /** Layers of the live picture that are left out, because they are shown here otherwise. */
  readonly without?: readonly Layer[];
  readonly children: ComponentChildren;
}

export function Board({ source, shapes, onTap, without = DRAWN_HERE, children }: BoardProps): JSX.Element {
  const words = useSetUpWords();
  const camera = useCamera(source);
  const shape = useShape(source);
  return (
    <div
      class={onTap === undefined ? "board" : "board drawing"}
      dir="ltr"
      style={{ "--shape": String(shape) }}
    >
      {camera === undefined ? <p class="board-empty">{words.board.noPicture}</p> : <LivePicture camera={camera} without={without} />}
      <svg
        class="board-shapes"
        viewBox="0 0 1 1"
        preserveAspectRatio="none"
        aria-hidden="true"
        onPointerDown={(event) => onTap?.(clamp(pointed(event as unknown as PointerEvent)))}
      >
        {shapes}
      </svg>
      {children}
    </div>
  );
}

function LivePicture({ camera, without }: { readonly camera: CameraView; readonly without: readonly Layer[] }): JSX.Element {
  return <Picture camera={camera} truth={useTruth(camera)} ownShape without={without} />;
}

/** A name on the picture, with how often it fired where that is known. */
export function BoardName({ at, name, count }: { readonly at: Spot; readonly name: string; readonly count?: number }): JSX.Element {
  const { number } = useLanguage();
  return (
    <span class="board-name" style={{ left: `${at[0] * 100}%`, top: `${at[1] * 100}%` }}>
      <bdi>{name}</bdi>
      {count !== undefined && count > 0 && <b>{`${number(count)}×`}</b>}
    </span>
  );
}

/** Corners as SVG wants them. */
export function pointsOf(spots: readonly Spot[]): string {
  return spots.map(([x, y]) => `${x},${y}`).join(" ");
}
