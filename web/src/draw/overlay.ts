/** The vector layer: everything over the picture, in device pixels, crisp at any size. */

import type { FootfallSource } from "../picture/footfall";
import type { Felt } from "../picture/heat";
import type { TrailSource } from "../picture/trails";
import type { Observation, TrackView } from "../wire/messages";
import type { Layout } from "../wire/overlays";
import { drawWords, hasRoomForWords, lineWidth, placeBox, strokeTwice, takeFont, type Surface } from "./brush";
import type { Rectangle } from "./fit";
import { drawFootfall, drawScale, drawSpots, drawThermal } from "./heat";
import { placeLabel } from "./label_layout";
import type { OverlayStyle } from "./layers";
import { drawNames, drawShapes } from "./places";

/** Track risk at which the color changes; the last color is for the highest. */
const RISK_STEPS = [0.25, 0.5, 0.75];

/** What there is to draw; of one and the same frame. */
export interface Overlay {
  /** Null where nothing is known of the frame. */
  readonly observation: Observation | null;
  readonly trails: TrailSource;
  readonly layout: Layout | null;
  readonly felt: Felt | null;
  readonly footfall: FootfallSource | null;
}

/** From the ground up: heat, places, ways, boxes, words. */
export function drawOverlay(surface: Surface, overlay: Overlay, style: OverlayStyle): void {
  const { context } = surface;
  const { layers } = style;
  const { observation, trails } = overlay;
  const layout = layers.has("zones") ? overlay.layout : null;
  const felt = layers.has("thermal") ? overlay.felt : null;
  const tracks = observation?.tracks ?? [];
  const taken: Rectangle[] = [];
  context.lineJoin = "round";
  context.lineCap = "round";
  context.direction = style.direction;
  if (felt !== null) drawThermal(surface, felt);
  if (layers.has("footfall") && overlay.footfall !== null) drawFootfall(surface, overlay.footfall);
  if (layout !== null) {
    drawShapes(surface, layout, observation);
    drawNames(surface, layout, observation, style, taken);
  }
  if (layers.has("trails") && observation !== null) {
    for (const track of tracks) drawTrail(surface, track, observation.capturedAt, trails, style);
  }
  if (layers.has("boxes")) for (const track of tracks) drawBox(surface, track, style);
  if (felt !== null) drawScale(surface, felt.scale, style, taken);
  if (layers.has("labels") && hasRoomForWords(surface)) drawLabels(surface, tracks, style, taken);
  if (felt !== null) drawSpots(surface, felt, observation, style, taken);
}

export function colorOf(risk: number, colors: readonly string[]): string {
  const step = RISK_STEPS.filter((limit) => risk >= limit).length;
  return colors[step] ?? "#ffffff";
}

function drawBox(surface: Surface, track: TrackView, style: OverlayStyle): void {
  const { context, ratio } = surface;
  const box = placeBox(surface, track.box);
  const line = lineWidth(surface);
  const color = trackColor(track, style);
  context.setLineDash(track.coasting ? [line * 3, line * 3] : []);
  context.beginPath();
  context.roundRect(box.x, box.y, box.width, box.height, 3 * ratio);
  strokeTwice(surface, color, line);
  context.setLineDash([]);
  if (style.layers.has("risk") && track.risk > 0) drawRisk(context, box, line, track.risk, color, style);
}

/** A bar at the foot of the box, as long as the track's risk. */
function drawRisk(
  context: CanvasRenderingContext2D,
  box: Rectangle,
  line: number,
  risk: number,
  color: string,
  style: OverlayStyle,
): void {
  const height = line * 2;
  const width = box.width * Math.min(1, risk);
  const x = style.direction === "rtl" ? box.x + box.width - width : box.x;
  context.fillStyle = color;
  context.fillRect(x, box.y + box.height - height, width, height);
}

/** The riskiest speak first; who finds no room for all words says only the number, or nothing. */
function drawLabels(surface: Surface, tracks: readonly TrackView[], style: OverlayStyle, taken: Rectangle[]): void {
  const { context, picture } = surface;
  const size = takeFont(surface);
  const pad = size * 0.4;
  const fromEnd = style.direction === "rtl";
  for (const track of [...tracks].sort(byRiskThenAge)) {
    const box = placeBox(surface, track.box);
    for (const text of [style.label(track), style.shortLabel(track)]) {
      const label = { width: context.measureText(text).width + 2 * pad, height: size * 1.45 };
      const room = placeLabel(box, label, picture, taken, fromEnd);
      if (room === null) continue;
      taken.push(room);
      drawWords(surface, room, text, pad, trackColor(track, style), fromEnd);
      break;
    }
  }
}

/** In coarse steps of risk, so that labels do not change places with every frame. */
function byRiskThenAge(one: TrackView, other: TrackView): number {
  return Math.round(other.risk * 10) - Math.round(one.risk * 10) || one.trackId - other.trackId;
}

function drawTrail(
  { context, picture, ratio }: Surface,
  track: TrackView,
  until: number,
  trails: TrailSource,
  style: OverlayStyle,
): void {
  const points = trails.of(track.trackId, until);
  context.strokeStyle = trackColor(track, style);
  context.lineWidth = 2 * ratio;
  for (let index = 1; index < points.length; index += 1) {
    const from = points[index - 1];
    const to = points[index];
    if (from === undefined || to === undefined) continue;
    context.globalAlpha = (0.75 * index) / points.length;
    context.beginPath();
    context.moveTo(picture.x + from.x * picture.width, picture.y + from.y * picture.height);
    context.lineTo(picture.x + to.x * picture.width, picture.y + to.y * picture.height);
    context.stroke();
  }
  context.globalAlpha = 1;
}

function trackColor(track: TrackView, style: OverlayStyle): string {
  return style.layers.has("risk") ? colorOf(track.risk, style.colors) : (style.colors[0] ?? "#ffffff");
}
