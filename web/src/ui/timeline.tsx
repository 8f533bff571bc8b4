/** When things happened, camera by camera, over what was seen meanwhile. Time runs in the direction of reading. */

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { pageClock } from "../state/clock";
import type { Incident } from "../state/incidents";
import { keyOf } from "../state/incidents";
import { lanesOf, outlineOf, traceLanes, type Bar, type Lane, type Trace } from "../state/timeline";
import { FIGURES, fetchCourse, type Course, type Figure } from "../wire/course";
import { useApp, useLanguage, useNow, useWorld } from "./context";
import { useCameraName, useIncidentWords } from "./incidents";
import { hrefOf } from "./route";
import { Segments } from "./segments";

export const RANGES_S = { lastHour: 3600, lastDay: 86_400, lastWeek: 604_800 } as const;
export type Range = keyof typeof RANGES_S;
export const RANGES = Object.keys(RANGES_S) as Range[];
const POINTS = 240;
const COURSE_EVERY_MS = 60_000;
const TICKS = [0, 0.25, 0.5, 0.75, 1];
/** A short incident can still be seen and hit: percent of the lane, and pixels as in the style sheet. */
const LEAST_WIDTH = 0.6;
const LEAST_WIDTH_PX = 5;

interface TimelineProps {
  readonly incidents: readonly Incident[];
  /** Of one camera; empty for all. */
  readonly source: string;
  readonly range: Range;
  readonly onRange: (range: Range) => void;
}

export function Timeline({ incidents, source, range, onRange }: TimelineProps): JSX.Element {
  const language = useLanguage();
  const { words } = language;
  const now = useNow(5000);
  const [figure, setFigure] = useState<Figure>("risk");
  const rangeS = RANGES_S[range];
  const course = useCourse(source, rangeS);
  const aheadS = useWorld((world) => world.hubAheadS) ?? 0;
  const lanes = useMemo(() => {
    const plain = lanesOf(incidents, now, rangeS);
    return course === null ? plain : traceLanes(plain, course, figure, now, rangeS, aheadS);
  }, [incidents, now, rangeS, course, figure]);
  const scale = figure === "risk" ? 1 : Math.max(1, ...lanes.map(({ trace }) => trace?.most ?? 0));
  return (
    <section class="card timeline" aria-labelledby="timeline-title">
      <div class="timeline-head">
        <h2 id="timeline-title">{words.events.timeline}</h2>
        <Segments names={RANGES} words={words.events} value={range} onChange={onRange} label={words.events.range} />
        <Segments names={FIGURES} words={words.events.figure} value={figure} onChange={setFigure} label={words.events.figures} />
      </div>
      {lanes.length === 0 && <p class="quiet">{words.events.noneThen}</p>}
      {lanes.map((lane) => (
        <LaneRow key={lane.source} lane={lane} figure={figure} scale={scale} rangeS={rangeS} />
      ))}
      {lanes.length > 0 && (
        <div class="lane-ticks" aria-hidden="true">
          {TICKS.map((tick) => (
            <span key={tick}>{(range === "lastWeek" ? language.weekday : language.hourAndMinute)(now - rangeS * (1 - tick))}</span>
          ))}
        </div>
      )}
      {lanes.some(({ trace }) => trace !== null && trace.gaps.length > 0) && <p class="lane-note quiet">{words.events.gapNote}</p>}
    </section>
  );
}

/** What the hub tells of the shown time, asked again now and then; null until it has, and of a hub that cannot. */
function useCourse(source: string, rangeS: number): Course | null {
  const { monitor } = useApp();
  const [course, setCourse] = useState<Course | null>(null);
  const open = useWorld((world) => world.link.kind === "open" || world.link.kind === "polling");
  useEffect(() => {
    let gone = false;
    const ask = async (): Promise<void> => {
      const now = pageClock.now() + (monitor.world.value.hubAheadS ?? 0);
      const answer = await fetchCourse(monitor.hub, source, rangeS, POINTS, now);
      if (!gone && answer.ok) setCourse(answer.value);
    };
    if (open) void ask();
    const timer = setInterval(() => document.hidden || !open || void ask(), COURSE_EVERY_MS);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [monitor, source, rangeS, open]);
  return course;
}

interface LaneProps {
  readonly lane: Lane;
  readonly figure: Figure;
  readonly scale: number;
  readonly rangeS: number;
}

function LaneRow({ lane, figure, scale, rangeS }: LaneProps): JSX.Element {
  const { words } = useLanguage();
  const camera = useCameraName(lane.source);
  return (
    <div class="lane-row">
      <span class="lane-name" dir="auto" title={camera}>
        {camera}
      </span>
      <div class="lane">
        {lane.trace !== null && <TraceStrip trace={lane.trace} figure={figure} scale={scale} rangeS={rangeS} />}
        <div class="lane-bars" role="list" aria-label={`${camera}: ${words.events.count(lane.bars.length)}`}>
          {lane.bars.map((bar) => (
            <BarLink key={keyOf(bar.incident)} bar={bar} />
          ))}
        </div>
      </div>
    </div>
  );
}

/** The course of a figure, hatched where nothing came from the camera. */
function TraceStrip({ trace, figure, scale, rangeS }: Omit<LaneProps, "lane"> & { readonly trace: Trace }): JSX.Element {
  const { words, number, duration } = useLanguage();
  const silentS = trace.gaps.reduce((sum, { from, to }) => sum + (to - from), 0) * rangeS;
  const most = number(figure === "risk" ? trace.most * 100 : trace.most);
  const gap = silentS > 0 ? words.events.gap(duration(silentS)) : "";
  return (
    <div class="lane-course" role="img" aria-label={`${words.events.upTo(words.events.figure[figure], most)} ${gap}`.trim()}>
      <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
        <path d={outlineOf(trace, scale)} />
      </svg>
      {trace.gaps.map(({ from, to }) => (
        <span key={from} class="lane-gap" style={{ insetInlineStart: `${from * 100}%`, inlineSize: `${(to - from) * 100}%` }} />
      ))}
    </div>
  );
}

function BarLink({ bar: { incident, from, to } }: { readonly bar: Bar }): JSX.Element {
  const { time } = useLanguage();
  const what = `${useIncidentWords(incident)} · ${time(incident.openedAt)}`;
  const width = Math.max(LEAST_WIDTH, (to - from) * 100);
  return (
    <span
      class={`lane-bar level-${incident.level.toLowerCase()}`}
      role="listitem"
      style={{ insetInlineStart: `min(${from * 100}%, 100% - max(${width}%, ${LEAST_WIDTH_PX}px))`, inlineSize: `${width}%` }}
    >
      <a
        href={hrefOf({ view: "event", source: incident.source, incidentId: incident.incidentId })}
        title={what}
        aria-label={what}
      />
    </span>
  );
}
