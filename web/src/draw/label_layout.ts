/** Where labels go so that none covers another: above its box, else below, else inside, or not at all. */

import type { Rectangle, Size } from "./fit";

/**
 * The place of one label beside `box`, inside `bounds`, clear of `taken`; null when there is no free one.
 *
 * `fromEnd` aligns it with the right edge of the box, as reading from right to left wants it.
 */
export function placeLabel(
  box: Rectangle,
  label: Size,
  bounds: Rectangle,
  taken: readonly Rectangle[],
  fromEnd: boolean,
): Rectangle | null {
  const start = fromEnd ? box.x + box.width - label.width : box.x;
  const x = clamp(start, bounds.x, bounds.x + bounds.width - label.width);
  const tops = [box.y - label.height - 1, box.y + box.height + 1, box.y + 1];
  for (const y of tops) {
    const place = { x, y, ...label };
    if (isInside(place, bounds) && !taken.some((other) => overlaps(place, other))) return place;
  }
  return null;
}

function isInside(place: Rectangle, bounds: Rectangle): boolean {
  return place.y >= bounds.y && place.y + place.height <= bounds.y + bounds.height && place.width <= bounds.width;
}

function overlaps(one: Rectangle, other: Rectangle): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
