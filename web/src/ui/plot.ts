/** The only file that knows the chart library. */

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Language } from "../i18n/language";

const HOUR_S = 3600;

/** Draw seconds against 0..100 into `host`, as wide as it is, following its width. Call `destroy` on what is returned. */
export function plotCourse(host: HTMLElement, columns: uPlot.AlignedData, language: Language, height: number): uPlot {
  const style = getComputedStyle(host);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const clock = new Intl.DateTimeFormat(language.code, { hour: "2-digit", minute: "2-digit" });
  const newest = columns[0].at(-1) ?? Date.now() / 1000;
  const axis = { stroke: color("--quiet"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
  const plot = new uPlot(
    {
      width: host.clientWidth,
      height,
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 0, 0, 0],
      scales: { x: { range: (_, __, end) => [(end || newest) - HOUR_S, end || newest] }, y: { range: [0, 100] } },
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
