/** Two kinds of heat: what a thermal sensor feels, with its degrees, and where people were. */

import type { Felt, Scale } from "../picture/heat";
import { COLUMNS, ROWS, type FootfallSource } from "../picture/footfall";
import type { Observation } from "../wire/messages";
import { DEAD, STEPS, type Affine, type Thermogram, type WarmSpot } from "../wire/overlays";
import { drawWords, HALO, hasRoomForWords, lineWidth, strokeTwice, takeFont, type Surface } from "./brush";
import type { Rectangle } from "./fit";
import { placeLabel } from "./label_layout";
import type { OverlayStyle } from "./layers";
import { cssOf, paintGrid, type Ramp } from "./raster";

/** What is as cold as the surroundings stays clear. */
const THERMAL: Ramp = [
  [24, 12, 74, 0],
  [92, 20, 128, 40],
  [186, 54, 86, 120],
  [249, 142, 9, 170],
  [252, 250, 164, 205],
];
const FOOTFALL: Ramp = [
  [40, 90, 255, 0],
  [40, 130, 255, 110],
  [40, 215, 205, 150],
  [225, 255, 120, 180],
];
const SPOT_COLORS: Readonly<Record<string, string>> = { warm: "#ffe08a", hot: "#ff9d4d", overheating: "#ff9d4d", fire: "#ff5c72" };
/** So many seconds on one cell are at least needed for the strongest color. */
const LONG_S = 3;
const SCALE_PX = { width: 96, height: 8, margin: 10 };

const thermalRasters = new WeakMap<Thermogram, HTMLCanvasElement>();
const footfallRasters = new WeakMap<FootfallSource, { readonly version: number; readonly raster: HTMLCanvasElement }>();

export function drawThermal(surface: Surface, felt: Felt): void {
  stretch(surface, thermalRaster(felt), felt.thermogram.alignment);
}

/** The thermogram in colors, a pixel for each of the sensor's; made once. */
export function thermalRaster({ thermogram, scale }: Felt): HTMLCanvasElement {
  const known = thermalRasters.get(thermogram);
  if (known !== undefined) return known;
  const raster = rasterOf(thermogram, scale);
  thermalRasters.set(thermogram, raster);
  return raster;
}

export function drawFootfall(surface: Surface, footfall: FootfallSource): void {
  let known = footfallRasters.get(footfall);
  if (known?.version !== footfall.version) {
    const shares = sharesOf(footfall.seconds());
    const raster = paintGrid(COLUMNS, ROWS, (cell) => shares[cell] ?? 0, FOOTFALL);
    known = { version: footfall.version, raster };
    footfallRasters.set(footfall, known);
  }
  stretch(surface, known.raster, [1, 0, 0, 0, 1, 0]);
}

/** Outlines of what is warm, with the temperature where no track's label tells it already. */
export function drawSpots(
  surface: Surface,
  { thermogram }: Felt,
  observation: Observation | null,
  style: OverlayStyle,
  taken: Rectangle[],
): void {
  const { context, picture } = surface;
  const told = style.layers.has("labels") ? (observation?.tracks ?? []).map(({ hottestCelsius }) => hottestCelsius) : [];
  for (const spot of thermogram.spots) {
    const corners = cornersOf(spot, thermogram.alignment).map(([x, y]) => [picture.x + x * picture.width, picture.y + y * picture.height] as const);
    const color = SPOT_COLORS[spot.kind] ?? "#ff9d4d";
    context.beginPath();
    for (const corner of corners) context.lineTo(...corner);
    context.closePath();
    strokeTwice(surface, color, lineWidth(surface) * (spot.kind === "warm" ? 0.7 : 1.2));
    if (!hasRoomForWords(surface) || told.includes(spot.celsius)) continue;
    const size = takeFont(surface);
    const text = style.celsius(spot.celsius);
    const label = { width: context.measureText(text).width + size * 0.8, height: size * 1.45 };
    const room = placeLabel(around(corners), label, picture, taken, style.direction === "rtl");
    if (room === null) continue;
    taken.push(room);
    drawWords(surface, room, text, size * 0.4, color, style.direction === "rtl");
  }
}

/** Which color is how warm: at the head of the picture where reading ends, as its foot is for what must be said. */
export function drawScale(surface: Surface, { low, high }: Scale, style: OverlayStyle, taken: Rectangle[]): void {
  if (!hasRoomForWords(surface)) return;
  const { context, picture, ratio } = surface;
  const size = takeFont(surface, 600, 0.88);
  const rtl = style.direction === "rtl";
  const [from, to] = [style.celsius(low), style.celsius(high)];
  const [fromWidth, toWidth] = [context.measureText(from).width, context.measureText(to).width];
  const gap = size * 0.5;
  const bar = SCALE_PX.width * ratio;
  const width = fromWidth + toWidth + bar + 4 * gap;
  const height = size * 1.7;
  const margin = SCALE_PX.margin * ratio;
  const x = rtl ? picture.x + margin : picture.x + picture.width - margin - width;
  const room = { x, y: picture.y + margin, width, height };
  taken.push(room);
  context.fillStyle = HALO;
  context.beginPath();
  context.roundRect(room.x, room.y, width, height, height / 2);
  context.fill();
  const start = rtl ? x + width - gap - fromWidth - gap : x + gap + fromWidth + gap;
  const end = rtl ? start - bar : start + bar;
  const gradient = context.createLinearGradient(start, 0, end, 0);
  THERMAL.forEach(([red, green, blue], index) => gradient.addColorStop(index / (THERMAL.length - 1), cssOf([red, green, blue, 255])));
  context.fillStyle = gradient;
  const thick = SCALE_PX.height * ratio;
  context.fillRect(Math.min(start, end), room.y + (height - thick) / 2, bar, thick);
  context.fillStyle = "#ffffff";
  context.fillText(from, rtl ? x + width - gap : x + gap, room.y + height / 2);
  context.fillText(to, rtl ? x + gap + toWidth : x + width - gap - toWidth, room.y + height / 2);
}

function rasterOf({ columns, rows, pixels, lowCelsius, highCelsius }: Thermogram, scale: Scale): HTMLCanvasElement {
  const perStep = (highCelsius - lowCelsius) / STEPS;
  const shareOf = (cell: number): number | null => {
    const step = pixels[cell] ?? DEAD;
    return step === DEAD ? null : (lowCelsius + step * perStep - scale.low) / (scale.high - scale.low);
  };
  return paintGrid(columns, rows, shareOf, THERMAL);
}

/** Draw a raster whose corners are mapped into the picture by `affine`; nothing beyond the picture's edge. */
function stretch({ context, picture }: Surface, raster: HTMLCanvasElement, [a, b, c, d, e, f]: Affine): void {
  context.save();
  context.beginPath();
  context.rect(picture.x, picture.y, picture.width, picture.height);
  context.clip();
  const { width, height } = raster;
  context.setTransform(
    (a * picture.width) / width,
    (d * picture.height) / width,
    (b * picture.width) / height,
    (e * picture.height) / height,
    picture.x + c * picture.width,
    picture.y + f * picture.height,
  );
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(raster, 0, 0);
  context.restore();
}

function cornersOf({ box: [x1, y1, x2, y2] }: WarmSpot, [a, b, c, d, e, f]: Affine): readonly (readonly [number, number])[] {
  const corners = [[x1, y1], [x2, y1], [x2, y2], [x1, y2]] as const;
  return corners.map(([x, y]) => [a * x + b * y + c, d * x + e * y + f] as const);
}

function around(corners: readonly (readonly [number, number])[]): Rectangle {
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** Softened, and by the square root: where few passed shows beside where many stood. */
function sharesOf(seconds: Float32Array): Float32Array {
  const soft = blur(blur(seconds));
  const most = soft.reduce((a, b) => Math.max(a, b), LONG_S / 4);
  return soft.map((value) => Math.sqrt(value / most));
}

/** Each cell with its neighbors, weighed 1 2 1 in both directions. */
function blur(cells: Float32Array): Float32Array {
  const pass = (from: Float32Array, step: number, place: (cell: number) => number, last: number): Float32Array =>
    from.map((value, cell) => {
      const before = place(cell) > 0 ? (from[cell - step] ?? 0) : 0;
      const after = place(cell) < last ? (from[cell + step] ?? 0) : 0;
      return (before + 2 * value + after) / 4;
    });
  const across = pass(cells, 1, (cell) => cell % COLUMNS, COLUMNS - 1);
  return pass(across, COLUMNS, (cell) => Math.floor(cell / COLUMNS), ROWS - 1);
}
