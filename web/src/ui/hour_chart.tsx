/** The course of the risk over the last hour: gaps are drawn as gaps. Loaded only when someone opens it. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import { pageClock } from "../state/clock";
import { SILENCE_S, silences, type RiskPoint } from "../state/course";
import type { CameraView } from "../state/world";
import { useApp, useLanguage, useNow, usePreferences, useWorld } from "./context";
import type { Language } from "../i18n/language";

const HEIGHT_PX = 120;
const TICK_MS = 5_000;
const HOUR_S = 3600;

export function HourChart({ camera }: { readonly camera: CameraView }): JSX.Element {
  const { words } = useLanguage();
  const [open, setOpen] = useState(false);
  return (
    <details class="hour" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{words.risk.hour}</summary>
      {open && <Chart key={camera.source} camera={camera} />}
    </details>
  );
}

function Chart({ camera }: { readonly camera: CameraView }): JSX.Element {
  const { monitor } = useApp();
  const language = useLanguage();
  const { theme } = usePreferences();
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { points } = camera.course;
  const now = useNow(TICK_MS);
  const open = useWorld((world) => world.link.kind === "open" || world.link.kind === "polling");
  const latest = useRef(points);
  latest.current = points;
  useEffect(() => {
    if (open) void monitor.recall(camera.source); // again after each pause: the hub heard what this page did not
  }, [monitor, camera.source, open]);
  useEffect(() => {
    let gone = false;
    void import("./plot").then(({ plotCourse }) => {
      if (gone || host.current === null) return;
      plot.current = plotCourse(host.current, toColumns(latest.current), language, HEIGHT_PX, () => theHour(latest.current));
    });
    return () => {
      gone = true;
      plot.current?.destroy();
      plot.current = null;
    };
  }, [language, theme]);
  useEffect(() => plot.current?.setData(toColumns(points)), [points, now]);
  return <div ref={host} class="hour-plot" dir="ltr" role="img" aria-label={courseWords(points, language)} />;
}

function courseWords(points: readonly RiskPoint[], { words, number }: Language): string {
  const scores = points.map(({ score }) => score * 100);
  const [low, high] = scores.length === 0 ? [0, 0] : [Math.min(...scores), Math.max(...scores)];
  return words.risk.course(number(low), number(high));
}

/** The hour that ends now, and the holes in it. */
function theHour(points: readonly RiskPoint[]): { readonly start: number; readonly end: number; readonly gaps: readonly (readonly [number, number])[] } {
  const end = pageClock.now();
  return { start: end - HOUR_S, end, gaps: silences(points, end - HOUR_S, end) };
}

/** Seconds and points of 100; a hole in time has a null in it, so that no line crosses it. */
export function toColumns(points: readonly RiskPoint[]): [number[], (number | null)[]] {
  const times: number[] = [];
  const scores: (number | null)[] = [];
  for (const point of points) {
    const before = times.at(-1);
    if (before !== undefined && point.at - before > SILENCE_S) {
      times.push(before + 1);
      scores.push(null);
    }
    times.push(point.at);
    scores.push(point.score * 100);
  }
  return [times, scores];
}
