/** What lies over a picture besides its tracks, as `src/aimonitor/contract/overlays.py` defines it. */

import { readBox, type Box } from "./box";
import { ContractError, type ObjectReader } from "./reader";

/** x and y in fractions of the picture. */
export type Place = readonly [x: number, y: number];

export interface ZoneView {
  readonly name: string;
  readonly polygon: readonly Place[];
  /** `zone`, or `mask`: what stands there is ignored. */
  readonly kind: string;
  readonly restricted: boolean;
  readonly directionDeg: number | null;
}

export interface LineView {
  readonly name: string;
  readonly start: Place;
  readonly end: Place;
  /** `both`, `in` (from left to right for one who looks from start to end) or `out`. */
  readonly allowed: string;
}

/** The zones and lines of a camera from now on. */
export interface Layout {
  readonly type: "layout";
  readonly source: string;
  readonly zones: readonly ZoneView[];
  readonly lines: readonly LineView[];
}

export interface WarmSpot {
  readonly kind: string;
  /** In fractions of the thermogram. */
  readonly box: Box;
  readonly celsius: number;
}

/** What a thermal sensor measured last when the frame was taken. */
export interface Thermogram {
  readonly type: "thermogram";
  readonly source: string;
  readonly frameId: number;
  /** Edge clock. */
  readonly capturedAt: number;
  readonly columns: number;
  readonly rows: number;
  readonly lowCelsius: number;
  readonly highCelsius: number;
  /** Row by row: 0 is `lowCelsius`, 254 `highCelsius`, 255 a dead pixel. */
  readonly pixels: Uint8Array;
  readonly alignment: Affine;
  readonly spots: readonly WarmSpot[];
}

/** From the thermogram to the picture, both in fractions: u = a x + b y + c, v = d x + e y + f. */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export const DEAD = 255;
export const STEPS = 254;

const SAME_VIEW: Affine = [1, 0, 0, 0, 1, 0];

export function readLayout(from: ObjectReader): Layout {
  return {
    type: "layout",
    source: from.text("source"),
    zones: from.parts("zones", (zone) => ({
      name: zone.text("name"),
      polygon: zone.spots("polygon"),
      kind: zone.text("kind", "zone"),
      restricted: zone.flag("restricted", false),
      directionDeg: zone.maybeNumber("direction_deg"),
    })),
    lines: from.parts("lines", (line) => ({
      name: line.text("name"),
      start: line.spot("start"),
      end: line.spot("end"),
      allowed: line.text("allowed", "both"),
    })),
  };
}

export function readThermogram(from: ObjectReader): Thermogram {
  const columns = from.number("columns");
  const rows = from.number("rows");
  return {
    type: "thermogram",
    source: from.text("source"),
    frameId: from.number("frame_id"),
    capturedAt: from.number("captured_at"),
    columns,
    rows,
    lowCelsius: from.number("low_celsius"),
    highCelsius: from.number("high_celsius"),
    pixels: readPixels(from.text("pixels"), columns * rows),
    alignment: readAlignment(from.numbers("alignment")),
    spots: from.parts("spots", (spot) => ({ kind: spot.text("kind"), box: readBox(spot), celsius: spot.number("celsius") })),
  };
}

function readPixels(text: string, count: number): Uint8Array {
  try {
    const pixels = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    if (pixels.length === count) return pixels;
    throw new ContractError("$.pixels", `${count} bytes`, `${pixels.length} bytes`);
  } catch (error) {
    throw error instanceof ContractError ? error : new ContractError("$.pixels", "base64", text.slice(0, 40));
  }
}

function readAlignment(said: readonly number[]): Affine {
  if (said.length === 0) return SAME_VIEW;
  const [a, b, c, d, e, f] = said;
  if (a === undefined || b === undefined || c === undefined || d === undefined || e === undefined || f === undefined) {
    throw new ContractError("$.alignment", "6 numbers", `${said.length} numbers`);
  }
  return [a, b, c, d, e, f];
}
