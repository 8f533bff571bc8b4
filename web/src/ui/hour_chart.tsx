/** The course of the risk over the last hour, hatched where nothing is known. Time runs in the direction of reading. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { linesOf, silences, type RiskPoint } from "../state/course";
import type { CameraView } from "../state/world";
import { useApp, useLanguage, useNow, useWorld } from "./context";
import type { Language } from "../i18n/language";

const HOUR_S = 3600;
const TICK_MS = 5_000;
const TICKS = [0, 0.25, 0.5, 0.75, 1];
const LEVELS = [100, 50, 0];

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
  const now = useNow(TICK_MS);
  const heard = useWorld((world) => world.link.kind === "open" || world.link.kind === "polling");
  useEffect(() => {
    if (heard) void monitor.recall(camera.source); // again after each pause: the hub heard what this page did not
  }, [monitor, camera.source, heard]);
  const start = now - HOUR_S;
  const points = camera.course.points.filter(({ at }) => at >= start);
  return (
    <div class="hour-plot" role="img" aria-label={courseWords(points, language)}>
      <div class="hour-levels" aria-hidden="true">
        {LEVELS.map((level) => (
          <span key={level}>{language.number(level)}</span>
        ))}
      </div>
      <div class="hour-field">
        {silences(points, start, now).map(([from, to]) => (
          <span
            key={from}
            class="lane-gap"
            style={{ insetInlineStart: `${((from - start) / HOUR_S) * 100}%`, inlineSize: `${((to - from) / HOUR_S) * 100}%` }}
          />
        ))}
        <svg viewBox={`0 0 ${HOUR_S} 1`} preserveAspectRatio="none" aria-hidden="true">
          <line x1="0" x2={HOUR_S} y1="0.5" y2="0.5" />
          {linesOf(points, start).map((line) => (
            <polyline key={line[0]?.at} points={line.map(({ at, score }) => `${Math.round(at - start)},${1 - score}`).join(" ")} />
          ))}
        </svg>
      </div>
      <div class="lane-ticks hour-ticks" aria-hidden="true">
        {TICKS.map((tick) => (
          <span key={tick}>{language.hourAndMinute(start + HOUR_S * tick)}</span>
        ))}
      </div>
    </div>
  );
}

function courseWords(points: readonly RiskPoint[], { words, number }: Language): string {
  const scores = points.map(({ score }) => score * 100);
  const [low, high] = scores.length === 0 ? [0, 0] : [Math.min(...scores), Math.max(...scores)];
  return words.risk.course(number(low), number(high));
}
