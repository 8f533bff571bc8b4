/** Zones, masks and lines as their camera's owner drew them; those in which something goes on stand out. */

import type { Observation } from "../wire/messages";
import type { Layout, LineView, Place, ZoneView } from "../wire/overlays";
import { drawWords, hasRoomForWords, lineWidth, strokeTwice, takeFont, type Surface } from "./brush";
import type { Rectangle } from "./fit";
import type { OverlayStyle, PlaceKind } from "./layers";

type Mood = "calm" | "occupied" | "alarmed";

const COLORS: Readonly<Record<PlaceKind, string>> = {
  usual: "#8ad8ff",
  restricted: "#ffb86b",
  mask: "#c3ccd6",
  line: "#d9b8ff",
};
const ALARM = "#ff5c72";
const FILL: Readonly<Record<Mood, number>> = { calm: 0.05, occupied: 0.12, alarmed: 0.2 };
const HATCH_PX = 9;
const ARROW_OF_HEIGHT = 0.07;

export function drawShapes(surface: Surface, layout: Layout, observation: Observation | null): void {
  for (const zone of layout.zones) drawZone(surface, zone, moodOf(zone.name, observation));
  for (const line of layout.lines) drawLine(surface, line, moodOf(line.name, observation));
}

/** Whether something adds to the risk there, or somebody is there, by what was seen in the frame that is shown. */
export function moodOf(name: string, observation: Observation | null): Mood {
  if (observation === null) return "calm";
  if (observation.risk.factors.some(({ zone, contribution }) => zone === name && contribution > 0)) return "alarmed";
  return observation.tracks.some(({ zones }) => zones.includes(name)) ? "occupied" : "calm";
}

/** Names stay where they are; the places that they take are added to `taken`. */
export function drawNames(
  surface: Surface,
  { zones, lines }: Layout,
  observation: Observation | null,
  style: OverlayStyle,
  taken: Rectangle[],
): void {
  if (!hasRoomForWords(surface)) return;
  const size = takeFont(surface, 500, 0.92);
  const drawName = (name: string, kind: PlaceKind, at: Place): void => {
    const text = style.placeName(name, kind);
    const pad = size * 0.4;
    const room = roomAt(surface, at, { width: surface.context.measureText(text).width + 2 * pad, height: size * 1.4 });
    taken.push(room);
    const color = moodOf(name, observation) === "alarmed" ? ALARM : COLORS[kind];
    drawWords(surface, room, text, pad, color, style.direction === "rtl");
  };
  for (const zone of zones) drawName(zone.name, kindOf(zone), footOf(zone.polygon));
  for (const { name, start, end } of lines) drawName(name, "line", [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2]);
}

function kindOf({ kind, restricted }: ZoneView): PlaceKind {
  return kind === "mask" ? "mask" : restricted ? "restricted" : "usual";
}

/** In the middle of the shape at its lower edge, where the fewest stand. */
function footOf(polygon: readonly Place[]): Place {
  const xs = polygon.map(([x]) => x);
  return [(Math.min(...xs) + Math.max(...xs)) / 2, Math.max(...polygon.map(([, y]) => y))];
}

function roomAt({ picture, ratio }: Surface, [x, y]: Place, size: { width: number; height: number }): Rectangle {
  const inside = (value: number, low: number, room: number): number => Math.max(low, Math.min(low + room, value));
  return {
    x: inside(picture.x + x * picture.width - size.width / 2, picture.x, picture.width - size.width),
    y: inside(picture.y + y * picture.height - size.height - 4 * ratio, picture.y, picture.height - size.height),
    ...size,
  };
}

function drawZone(surface: Surface, zone: ZoneView, mood: Mood): void {
  const { context, ratio } = surface;
  const kind = kindOf(zone);
  const color = mood === "alarmed" ? ALARM : COLORS[kind];
  context.beginPath();
  for (const spot of zone.polygon) context.lineTo(...onSurface(surface, spot));
  context.closePath();
  context.globalAlpha = FILL[mood];
  context.fillStyle = color;
  context.fill();
  context.globalAlpha = mood === "calm" ? 0.75 : 1;
  if (kind === "restricted") context.setLineDash([7 * ratio, 5 * ratio]);
  if (kind === "mask") context.setLineDash([2 * ratio, 4 * ratio]);
  strokeTwice(surface, color, lineWidth(surface) * (mood === "alarmed" ? 1.4 : 0.8));
  context.setLineDash([]);
  if (kind === "mask") hatch(surface, zone.polygon, color);
  if (zone.directionDeg !== null) {
    const angle = (zone.directionDeg * Math.PI) / 180;
    const [x, y] = onSurface(surface, middleOf(zone.polygon));
    drawArrow(surface, [x, y], [Math.sin(angle), -Math.cos(angle)], color);
  }
  context.globalAlpha = 1;
}

/** A way that is open gets an arrow across the line. */
function drawLine(surface: Surface, { start, end, allowed }: LineView, mood: Mood): void {
  const { context, ratio } = surface;
  const color = mood === "alarmed" ? ALARM : COLORS.line;
  const [[x1, y1], [x2, y2]] = [onSurface(surface, start), onSurface(surface, end)];
  context.globalAlpha = mood === "calm" ? 0.85 : 1;
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  strokeTwice(surface, color, lineWidth(surface) * (mood === "alarmed" ? 1.6 : 1));
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const inward: Place = [-(y2 - y1) / length, (x2 - x1) / length];
  const from: Place = [x1 + (x2 - x1) / 3, y1 + (y2 - y1) / 3];
  if (allowed !== "out") drawArrow(surface, from, inward, color);
  if (allowed !== "in") drawArrow(surface, from, [-inward[0], -inward[1]], color);
  context.fillStyle = color;
  for (const [x, y] of [[x1, y1], [x2, y2]] as const) {
    context.beginPath();
    context.arc(x, y, 3 * ratio, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
}

/** `along` has the length 1. */
function drawArrow(surface: Surface, [x, y]: Place, [dx, dy]: Place, color: string): void {
  const { context, picture } = surface;
  const length = picture.height * ARROW_OF_HEIGHT;
  const [tipX, tipY] = [x + dx * length, y + dy * length];
  const barb = length * 0.35;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(tipX, tipY);
  context.moveTo(tipX - (dx - dy) * barb, tipY - (dy + dx) * barb);
  context.lineTo(tipX, tipY);
  context.lineTo(tipX - (dx + dy) * barb, tipY - (dy - dx) * barb);
  strokeTwice(surface, color, lineWidth(surface) * 0.8);
}

/** What is not looked at is hatched. */
function hatch(surface: Surface, polygon: readonly Place[], color: string): void {
  const { context, ratio, picture } = surface;
  context.save();
  context.beginPath();
  for (const spot of polygon) context.lineTo(...onSurface(surface, spot));
  context.clip();
  context.beginPath();
  const [left, right] = extent(polygon.map(([x]) => x), picture.x, picture.width);
  const [top, bottom] = extent(polygon.map(([, y]) => y), picture.y, picture.height);
  const height = bottom - top;
  for (let x = left - height; x < right; x += HATCH_PX * ratio) {
    context.moveTo(x, bottom);
    context.lineTo(x + height, top);
  }
  context.globalAlpha = 0.35;
  context.strokeStyle = color;
  context.lineWidth = ratio;
  context.stroke();
  context.restore();
}

function extent(fractions: readonly number[], start: number, length: number): readonly [number, number] {
  return [start + Math.min(...fractions) * length, start + Math.max(...fractions) * length];
}

function middleOf(polygon: readonly Place[]): Place {
  const sum = polygon.reduce<Place>(([x, y], spot) => [x + spot[0], y + spot[1]], [0, 0]);
  return [sum[0] / polygon.length, sum[1] / polygon.length];
}

function onSurface({ picture }: Surface, [x, y]: Place): [number, number] {
  return [picture.x + x * picture.width, picture.y + y * picture.height];
}
