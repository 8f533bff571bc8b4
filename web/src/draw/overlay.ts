/** The vector layer: boxes, labels, trails and risk, in device pixels, crisp at any size. */

import type { Observation, TrackView } from "../wire/messages";
import type { TrailSource } from "../picture/trails";
import type { Rectangle } from "./fit";
import { placeLabel } from "./label_layout";
import type { OverlayStyle } from "./layers";

/** Track risk at which the color changes; the last color is for the highest. */
const RISK_STEPS = [0.25, 0.5, 0.75];
/** A picture narrower than this many CSS pixels shows boxes alone: its words could not be read. */
const LABELS_FROM_PX = 280;
const HALO = "rgba(4, 8, 12, 0.72)";
const LABEL_TEXT = "#ffffff";
const FONT_STACK = "system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans Hebrew', sans-serif";

interface Surface {
  readonly context: CanvasRenderingContext2D;
  /** Where the picture lies, in device pixels. */
  readonly picture: Rectangle;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
}

export function drawOverlay(surface: Surface, observation: Observation, trails: TrailSource, style: OverlayStyle): void {
  const { context } = surface;
  context.lineJoin = "round";
  context.lineCap = "round";
  context.direction = style.direction;
  if (style.layers.has("trails")) {
    for (const track of observation.tracks) drawTrail(surface, track, observation.capturedAt, trails, style);
  }
  if (style.layers.has("boxes")) {
    for (const track of observation.tracks) drawBox(surface, track, style);
  }
  if (style.layers.has("labels") && surface.picture.width / surface.ratio >= LABELS_FROM_PX) {
    drawLabels(surface, observation.tracks, style);
  }
}

export function colorOf(risk: number, colors: readonly string[]): string {
  const step = RISK_STEPS.filter((limit) => risk >= limit).length;
  return colors[step] ?? "#ffffff";
}

function place(picture: Rectangle, [x1, y1, x2, y2]: TrackView["box"]): Rectangle {
  return {
    x: picture.x + x1 * picture.width,
    y: picture.y + y1 * picture.height,
    width: (x2 - x1) * picture.width,
    height: (y2 - y1) * picture.height,
  };
}

function drawBox({ context, picture, ratio }: Surface, track: TrackView, style: OverlayStyle): void {
  const box = place(picture, track.box);
  const line = lineWidth(picture, ratio);
  const color = trackColor(track, style);
  context.setLineDash(track.coasting ? [line * 3, line * 3] : []);
  context.beginPath();
  context.roundRect(box.x, box.y, box.width, box.height, 3 * ratio);
  context.strokeStyle = HALO;
  context.lineWidth = line + 2 * ratio;
  context.stroke();
  context.strokeStyle = color;
  context.lineWidth = line;
  context.stroke();
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
function drawLabels(surface: Surface, tracks: readonly TrackView[], style: OverlayStyle): void {
  const { context, picture, ratio } = surface;
  const size = Math.max(10, Math.min(13.5, picture.width / ratio / 56)) * ratio;
  const pad = size * 0.4;
  context.font = `600 ${size}px ${FONT_STACK}`;
  context.textBaseline = "middle";
  context.textAlign = "start";
  const taken: Rectangle[] = [];
  const fromEnd = style.direction === "rtl";
  for (const track of [...tracks].sort(byRiskThenAge)) {
    const box = place(picture, track.box);
    for (const text of [style.label(track), style.shortLabel(track)]) {
      const label = { width: context.measureText(text).width + 2 * pad, height: size * 1.45 };
      const room = placeLabel(box, label, picture, taken, fromEnd);
      if (room === null) continue;
      taken.push(room);
      drawLabel(surface, room, text, pad, trackColor(track, style), fromEnd);
      break;
    }
  }
}

/** In coarse steps of risk, so that labels do not change places with every frame. */
function byRiskThenAge(one: TrackView, other: TrackView): number {
  return Math.round(other.risk * 10) - Math.round(one.risk * 10) || one.trackId - other.trackId;
}

function drawLabel(
  { context, ratio }: Surface,
  room: Rectangle,
  text: string,
  pad: number,
  color: string,
  fromEnd: boolean,
): void {
  const edge = 3 * ratio;
  context.fillStyle = HALO;
  context.beginPath();
  context.roundRect(room.x, room.y, room.width, room.height, edge);
  context.fill();
  context.fillStyle = color;
  context.fillRect(fromEnd ? room.x + room.width - edge : room.x, room.y, edge, room.height);
  context.fillStyle = LABEL_TEXT;
  context.fillText(text, fromEnd ? room.x + room.width - pad - ratio : room.x + pad + ratio, room.y + room.height / 2);
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

function lineWidth(picture: Rectangle, ratio: number): number {
  return Math.max(1.5, Math.min(3, picture.width / ratio / 360)) * ratio;
}
