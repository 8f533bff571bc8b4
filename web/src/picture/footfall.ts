/** Where people were in the last minutes: seconds spent on each cell of the picture, counted from what came. */

import type { Observation } from "../wire/messages";

export const COLUMNS = 64;
export const ROWS = 36;
const MINUTES = 10;
/** Between two observations that are further apart nobody knows where people went. */
const GAP_S = 1;

export interface FootfallSource {
  /** Changes with what was counted, at most once a second. */
  readonly version: number;
  /** Seconds on each cell, row by row. */
  seconds(): Float32Array;
}

interface Minute {
  readonly index: number;
  readonly cells: Float32Array;
}

export class Footfall implements FootfallSource {
  version = 0;
  private minutes: readonly Minute[] = [];
  private lastAt: number | null = null;

  add({ capturedAt, tracks }: Observation): void {
    const spent = this.lastAt === null ? 0 : capturedAt - this.lastAt;
    this.lastAt = capturedAt;
    if (spent <= 0 || spent > GAP_S) return;
    const feet = tracks.filter(({ label, coasting }) => label === "person" && !coasting);
    if (feet.length === 0) return;
    const { cells } = this.minute(Math.floor(capturedAt / 60));
    for (const { box: [x1, , x2, y2] } of feet) {
      const cell = within((x1 + x2) / 2, COLUMNS) + within(y2, ROWS) * COLUMNS;
      cells[cell] = (cells[cell] ?? 0) + spent;
    }
    this.version = Math.floor(capturedAt);
  }

  seconds(): Float32Array {
    const sum = new Float32Array(COLUMNS * ROWS);
    for (const { cells } of this.minutes) cells.forEach((seconds, cell) => (sum[cell] = (sum[cell] ?? 0) + seconds));
    return sum;
  }

  private minute(index: number): Minute {
    const known = this.minutes.find((minute) => minute.index === index);
    if (known !== undefined) return known;
    const begun = { index, cells: new Float32Array(COLUMNS * ROWS) };
    this.minutes = [...this.minutes.filter((minute) => Math.abs(index - minute.index) < MINUTES), begun];
    return begun;
  }
}

function within(fraction: number, cells: number): number {
  return Math.max(0, Math.min(cells - 1, Math.floor(fraction * cells)));
}
