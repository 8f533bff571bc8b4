/** A place in the picture that can be taken: by pointer, by touch, by arrow keys. */

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { useLanguage } from "../ui/context";
import type { Spot } from "../wire/policy";
import { clamp, moved } from "./geometry";

const STEP = 0.005;
const LEAP = 0.05;
const DIRECTIONS: Readonly<Record<string, Spot>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

interface HandleProps {
  readonly at: Spot;
  /** What it is; where it is is said behind. */
  readonly name: string;
  readonly kind: "corner" | "between" | "whole" | "aim";
  /** Where the pointer wants it, or where the keys move it. */
  readonly onMove: (to: Spot) => void;
  readonly onPress?: (() => void) | undefined;
  readonly onDelete?: (() => void) | undefined;
  /** Shown on the handle; may be empty. */
  readonly mark?: string;
  readonly autoFocus?: boolean;
}

export function Handle({ at, name, kind, onMove, onPress, onDelete, mark = "", autoFocus = false }: HandleProps): JSX.Element {
  const { percent } = useLanguage();
  const grip = useRef<Spot | null>(null);
  const onKey = (event: KeyboardEvent): void => {
    const direction = DIRECTIONS[event.key];
    const size = event.shiftKey ? LEAP : STEP;
    if (direction !== undefined) onMove(clamp(moved(at, [direction[0] * size, direction[1] * size])));
    else if (onDelete !== undefined && (event.key === "Delete" || event.key === "Backspace")) onDelete();
    else return;
    event.preventDefault();
  };
  return (
    <button
      type="button"
      class={`handle handle-${kind}`}
      style={{ left: `${at[0] * 100}%`, top: `${at[1] * 100}%` }}
      aria-label={`${name}, ${percent(at[0])}, ${percent(at[1])}`}
      autoFocus={autoFocus}
      onKeyDown={onKey}
      onClick={onPress}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        const [x, y] = pointed(event);
        grip.current = [at[0] - x, at[1] - y];
      }}
      onPointerMove={(event) => grip.current !== null && onMove(clamp(moved(pointed(event), grip.current)))}
      onPointerUp={() => (grip.current = null)}
      onPointerCancel={() => (grip.current = null)}
    >
      {mark}
    </button>
  );
}

/** Where on the board the pointer is, in fractions. */
export function pointed(event: PointerEvent): Spot {
  const board = (event.currentTarget as Element).closest(".board")?.getBoundingClientRect();
  if (board === undefined) throw new Error("expected a handle on a board, got one outside");
  return [(event.clientX - board.left) / board.width, (event.clientY - board.top) / board.height];
}
