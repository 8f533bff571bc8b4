/** What happened on a line of time, one lane for each camera: incidents as bars, over the course of a figure and its gaps. */

import type { CameraCourse, Course, Figure } from "../wire/course";
import type { Source } from "../wire/messages";
import type { Incident } from "./incidents";

export interface Bar {
  readonly incident: Incident;
  /** Fractions of the shown time, 0 at its start. */
  readonly from: number;
  readonly to: number;
}

/** A stretch of the shown time, in fractions of it. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface Step extends Stretch {
  readonly value: number;
}

export interface Trace {
  /** In the order of time. */
  readonly steps: readonly Step[];
  /** Where nothing came from the camera. */
  readonly gaps: readonly Stretch[];
  readonly most: number;
}

export interface Lane {
  readonly source: Source;
  readonly bars: readonly Bar[];
  /** Null where the hub told none. */
  readonly trace: Trace | null;
}

/** Of a camera that said nothing in all that time. */
const SILENT: Trace = { steps: [], gaps: [{ from: 0, to: 1 }], most: 0 };
/** A camera at rest says something at least this often. */
const SILENCE_S = 30;

/** The lanes of the `rangeS` seconds before `now`; what lasts reaches to the end. Calmer bars come first: worse lie on top. */
export function lanesOf(incidents: readonly Incident[], now: number, rangeS: number): readonly Lane[] {
  const start = now - rangeS;
  const place = placeIn(start, rangeS);
  const lanes = new Map<Source, Bar[]>();
  for (const incident of incidents) {
    const end = incident.closedAt ?? now;
    if (end < start || incident.openedAt > now) continue;
    const bars = lanes.get(incident.source) ?? [];
    bars.push({ incident, from: place(incident.openedAt), to: place(end) });
    lanes.set(incident.source, bars);
  }
  return [...lanes]
    .map(([source, bars]) => ({ source, bars: bars.sort((a, b) => a.incident.score - b.incident.score), trace: null }))
    .sort((a, b) => a.source.localeCompare(b.source));
}

/** The lanes with the course of a figure behind them; a camera of which nothing happened has a lane of its own. `aheadS`: hub clock minus page clock. */
export function traceLanes(lanes: readonly Lane[], course: Course, figure: Figure, now: number, rangeS: number, aheadS: number): readonly Lane[] {
  const traces = new Map(course.cameras.map((camera) => [camera.source, traceOf(camera, course.stepS, figure, now + aheadS, rangeS)]));
  const known = new Set(lanes.map(({ source }) => source));
  const others = [...traces.keys()].filter((source) => !known.has(source)).map((source) => ({ source, bars: [], trace: null }));
  return [...lanes, ...others]
    .map((lane) => ({ ...lane, trace: traces.get(lane.source) ?? SILENT }))
    .sort((a, b) => a.source.localeCompare(b.source));
}

function traceOf(camera: CameraCourse, stepS: number, figure: Figure, now: number, rangeS: number): Trace {
  const start = now - rangeS;
  const place = placeIn(start, rangeS);
  const steps: Step[] = [];
  const gaps: Stretch[] = [];
  let heardUntil = start;
  camera.at.forEach((at, index) => {
    if (at + stepS <= start || at >= now) return;
    const before = steps.at(-1);
    if (at - heardUntil > SILENCE_S) gaps.push({ from: place(heardUntil), to: place(at) });
    else if (before !== undefined) steps[steps.length - 1] = { ...before, to: place(at) };
    heardUntil = at + stepS;
    steps.push({ from: place(at), to: place(heardUntil), value: camera[figure][index] ?? 0 });
  });
  if (now - heardUntil > SILENCE_S) gaps.push({ from: place(heardUntil), to: 1 });
  return { steps, gaps, most: Math.max(0, ...steps.map(({ value }) => value)) };
}

/** The outline of a trace as an SVG path in a box of 1 by 1, `scale` at its top; it touches the ground in every gap. */
export function outlineOf({ steps }: Trace, scale: number): string {
  return steps.map(({ from, to, value }) => `M${short(from)} 1V${short(1 - value / scale)}H${short(to)}V1Z`).join("");
}

function placeIn(start: number, rangeS: number): (at: number) => number {
  return (at) => Math.min(1, Math.max(0, (at - start) / rangeS));
}

function short(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
