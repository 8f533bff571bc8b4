/** The only file that knows the chart library. */

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Language } from "../i18n/language";

const HATCH_PX = 7;

/** The stretch of time that is shown, in seconds, and where nothing is known of it. */
export interface Shown {
  readonly start: number;
  readonly end: number;
  readonly gaps: readonly (readonly [number, number])[];
}

/** Draw seconds against 0..100 into `host`, as wide as it is, following its width. Call `destroy` on what is returned. */
export function plotCourse(host: HTMLElement, columns: uPlot.AlignedData, language: Language, height: number, shown: () => Shown): uPlot {
  const style = getComputedStyle(host);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const clock = new Intl.DateTimeFormat(language.code, { hour: "2-digit", minute: "2-digit" });
  const axis = { stroke: color("--quiet"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
  const plot = new uPlot(
    {
      width: host.clientWidth,
      height,
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 0, 0, 0],
      scales: { x: { range: () => [shown().start, shown().end] }, y: { range: [0, 100] } },
      hooks: { drawClear: [(chart) => hatchGaps(chart, shown().gaps, color("--line"))] },
      axes: [
        { ...axis, size: 30, values: (_, times) => times.map((at) => clock.format(at * 1000)), space: 64 },
        { ...axis, size: 34, splits: [0, 50, 100], values: (_, values) => values.map((value) => language.number(value)) },
      ],
      series: [{}, { stroke: color("--accent"), width: 1.5, points: { show: false }, spanGaps: false }],
    },
    columns,
    host,
  );
  const watcher = new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height }));
  watcher.observe(host);
  plot.hooks.destroy = [() => watcher.disconnect()];
  return plot;
}

/** What is not known is hatched, which is another thing than nothing. */
function hatchGaps({ ctx, bbox, valToPos }: uPlot, gaps: Shown["gaps"], color: string): void {
  ctx.save();
  ctx.strokeStyle = color;
  ctx.lineWidth = devicePixelRatio;
  const step = HATCH_PX * devicePixelRatio;
  for (const [from, to] of gaps) {
    const [left, right] = [valToPos(from, "x", true), valToPos(to, "x", true)];
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, bbox.top, right - left, bbox.height);
    ctx.clip();
    ctx.beginPath();
    for (let x = left - bbox.height; x < right; x += step) {
      ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x + bbox.height, bbox.top);
    }
    ctx.stroke();
    ctx.restore();
  }
  ctx.restore();
}
