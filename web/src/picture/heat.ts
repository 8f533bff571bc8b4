/** The thermograms of a camera, each with the scale on which it is shown, so that a frame gets the heat of its time. */

import type { Thermogram } from "../wire/overlays";

const KEPT = 8;
/** As long as the edge itself takes a sensor for alive. */
const ALIVE_S = 5;
const SAME_INSTANT_S = 0.001;
const STEP = 5;
const LEAST_SPAN = 15;

/** Degrees Celsius at the ends of the colors. */
export interface Scale {
  readonly low: number;
  readonly high: number;
}

export interface Felt {
  readonly thermogram: Thermogram;
  readonly scale: Scale;
}

export interface HeatSource {
  /** What was felt at the instant `at` (edge clock) or last before it; null when that is too long ago. */
  of(at: number): Felt | null;
}

export class Heat implements HeatSource {
  private felt: readonly Felt[] = [];

  add(thermogram: Thermogram): void {
    const before = this.felt.at(-1)?.scale ?? null;
    const scale = followScale(before, thermogram.lowCelsius, thermogram.highCelsius);
    this.felt = [...this.felt.slice(1 - KEPT), { thermogram, scale }];
  }

  of(at: number): Felt | null {
    const felt = this.felt.findLast(({ thermogram }) => thermogram.capturedAt <= at + SAME_INSTANT_S);
    return felt === undefined || at - felt.thermogram.capturedAt > ALIVE_S ? null : felt;
  }
}

/** Whole steps around what is measured; it grows at once and shrinks late, so that colors do not flicker. */
export function followScale(before: Scale | null, lowest: number, highest: number): Scale {
  const low = Math.floor(lowest / STEP) * STEP;
  const high = Math.max(Math.ceil(highest / STEP) * STEP, low + LEAST_SPAN);
  if (before === null) return { low, high };
  return {
    low: low < before.low || low - before.low > STEP ? low : before.low,
    high: high > before.high || before.high - high > 2 * STEP ? high : before.high,
  };
}
