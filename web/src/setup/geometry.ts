/** Places and shapes in a picture, in fractions of it. Pure. */

import type { Alignment, Spot } from "../wire/policy";

/** Fractions are kept to this many: a tenth of a pixel of a 4K picture. */
const DIGITS = 10_000;

export function clamp([x, y]: Spot): Spot {
  return [within(x), within(y)];
}

function within(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * DIGITS) / DIGITS;
}

export function moved([x, y]: Spot, [dx, dy]: Spot): Spot {
  return [x + dx, y + dy];
}

/** The shape moved by a step, or less where it would leave the picture. */
export function movedShape(shape: readonly Spot[], [dx, dy]: Spot): readonly Spot[] {
  const limited = (step: number, values: readonly number[]): number =>
    Math.min(1 - Math.max(...values), Math.max(-Math.min(...values), step));
  const step: Spot = [limited(dx, shape.map(([x]) => x)), limited(dy, shape.map(([, y]) => y))];
  return shape.map((spot) => clamp(moved(spot, step)));
}

export function middle([ax, ay]: Spot, [bx, by]: Spot): Spot {
  return clamp([(ax + bx) / 2, (ay + by) / 2]);
}

/** The centroid of a polygon (of its corners, where it has no area). */
export function center(polygon: readonly Spot[]): Spot {
  let doubled = 0;
  let x = 0;
  let y = 0;
  polygon.forEach(([ax, ay], index) => {
    const [bx, by] = polygon[(index + 1) % polygon.length] ?? [ax, ay];
    const cross = ax * by - bx * ay;
    doubled += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  });
  if (Math.abs(doubled) > 1e-6) return clamp([x / (3 * doubled), y / (3 * doubled)]);
  const count = Math.max(1, polygon.length);
  return clamp([sum(polygon, 0) / count, sum(polygon, 1) / count]);
}

function sum(spots: readonly Spot[], axis: 0 | 1): number {
  return spots.reduce((total, spot) => total + spot[axis], 0);
}

/** The corners with one more behind corner `index`. */
export function withCorner(polygon: readonly Spot[], index: number, spot: Spot): readonly Spot[] {
  return [...polygon.slice(0, index + 1), clamp(spot), ...polygon.slice(index + 1)];
}

/**
 * The tip of the arrow that crosses a line inwards: from left to right for one who looks from `start` to `end`.
 * `shape` is width over height of the picture: right angles are right in pixels, not in fractions.
 */
export function inward(start: Spot, end: Spot, shape: number, lengthOfHeight: number): Spot {
  const dx = (end[0] - start[0]) * shape;
  const dy = end[1] - start[1];
  const length = Math.hypot(dx, dy) || 1;
  return [(-dy / length / shape) * lengthOfHeight, (dx / length) * lengthOfHeight];
}

/** A step in the direction `deg`, clockwise from up in the image. */
export function towards(deg: number, shape: number, lengthOfHeight: number): Spot {
  const angle = (deg * Math.PI) / 180;
  return [(Math.sin(angle) / shape) * lengthOfHeight, -Math.cos(angle) * lengthOfHeight];
}

export type Map2 = (spot: Spot) => Spot;

/** The affine map that takes the thermal points nearest to those of the image (least squares); null without one. */
export function fitAlignment({ thermal, image }: Alignment): Map2 | null {
  const xs = solve(thermal, image.map(([x]) => x));
  const ys = solve(thermal, image.map(([, y]) => y));
  if (xs === null || ys === null) return null;
  const along = ([a, b, c]: Triple, [x, y]: Spot): number => a * x + b * y + c;
  return (spot) => [along(xs, spot), along(ys, spot)];
}

type Triple = readonly [number, number, number];

/** Normal equations of v = a x + b y + c, by Cramer's rule. */
function solve(spots: readonly Spot[], values: readonly number[]): Triple | null {
  if (spots.length < 3 || spots.length !== values.length) return null;
  const rows = spots.map(([x, y]): Triple => [x, y, 1]);
  const dot = (i: number, j: number): number => rows.reduce((total, row) => total + (row[i] ?? 0) * (row[j] ?? 0), 0);
  const right = [0, 1, 2].map((i) => rows.reduce((total, row, k) => total + (row[i] ?? 0) * (values[k] ?? 0), 0));
  const matrix = [0, 1, 2].map((i) => [0, 1, 2].map((j) => dot(i, j)));
  const whole = determinant(matrix);
  if (Math.abs(whole) < 1e-9) return null;
  const part = (column: number): number =>
    determinant(matrix.map((row, i) => row.map((value, j) => (j === column ? (right[i] ?? 0) : value)))) / whole;
  return [part(0), part(1), part(2)];
}

function determinant(m: readonly (readonly number[])[]): number {
  const at = (i: number, j: number): number => m[i]?.[j] ?? 0;
  return (
    at(0, 0) * (at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)) -
    at(0, 1) * (at(1, 0) * at(2, 2) - at(1, 2) * at(2, 0)) +
    at(0, 2) * (at(1, 0) * at(2, 1) - at(1, 1) * at(2, 0))
  );
}
