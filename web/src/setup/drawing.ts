/** A shape that is being drawn, corner by corner. Pure. */

import type { Spot } from "../wire/policy";

export interface Drawing {
  readonly kind: "zone" | "mask" | "line";
  readonly spots: readonly Spot[];
  /** Where the keys would put the next one. */
  readonly aim: Spot;
}

const NEAR = 0.02;
const FEWEST = { zone: 3, mask: 3, line: 2 } as const;

export function begin(kind: Drawing["kind"]): Drawing {
  return { kind, spots: [], aim: [0.5, 0.5] };
}

/** With one more corner. A tap on the last one, or on the first when there are enough, adds none: it ends the drawing. */
export function tapped(drawing: Drawing, spot: Spot): Drawing & { readonly done: boolean } {
  const { kind, spots } = drawing;
  const enough = isEnough(drawing);
  const ends = [spots[0], spots.at(-1)].some((known) => known !== undefined && isNear(known, spot));
  if (ends) return { ...drawing, done: enough };
  const next = { ...drawing, spots: [...spots, spot], aim: spot };
  return { ...next, done: kind === "line" && isEnough(next) };
}

export function isEnough({ kind, spots }: Drawing): boolean {
  return spots.length >= FEWEST[kind];
}

function isNear([ax, ay]: Spot, [bx, by]: Spot): boolean {
  return Math.hypot(ax - bx, ay - by) < NEAR;
}
