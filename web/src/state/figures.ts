/** How much there was at which hour of the day or on which day of the week, in the viewer's time zone. */

import type { Sample } from "../wire/history";

export const GROUPINGS = ["hour", "weekday"] as const;
export type Grouping = (typeof GROUPINGS)[number];

export const MEASURES = ["events", "persons", "vehicles"] as const;
export type Measure = (typeof MEASURES)[number];

/** One value for each hour (0 to 23) or weekday (0 is Sunday); null where nothing was ever observed. */
export type Bars = readonly (number | null)[];

const BARS_OF: Readonly<Record<Grouping, number>> = { hour: 24, weekday: 7 };
const HOUR_S = 3600;

/** How many began, given that everything from `since` to `now` is known. Times in seconds since 1970. */
export function countBars(beginnings: readonly number[], grouping: Grouping, since: number, now: number): Bars {
  const bars = Array.from<number | null>({ length: BARS_OF[grouping] }).fill(null);
  const end = Math.min(now, since + 7 * 24 * HOUR_S);
  for (let at = since; at < end + HOUR_S; at += HOUR_S) bars[placeOf(Math.min(at, end), grouping)] ??= 0;
  for (const at of beginnings) {
    const place = placeOf(at, grouping);
    bars[place] = (bars[place] ?? 0) + 1;
  }
  return bars;
}

/** The mean of what the samples saw. */
export function meanBars(samples: readonly Sample[], measure: "persons" | "vehicles", grouping: Grouping): Bars {
  const sums = Array.from({ length: BARS_OF[grouping] }, () => ({ sum: 0, count: 0 }));
  for (const sample of samples) {
    const bar = sums[placeOf(sample.at, grouping)];
    if (bar === undefined) continue;
    bar.sum += sample[measure];
    bar.count += 1;
  }
  return sums.map(({ sum, count }) => (count === 0 ? null : sum / count));
}

function placeOf(at: number, grouping: Grouping): number {
  const moment = new Date(at * 1000);
  return grouping === "hour" ? moment.getHours() : moment.getDay();
}
