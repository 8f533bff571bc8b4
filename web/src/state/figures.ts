/** How much there was at which hour of the day or on which day of the week, in the viewer's time zone. */

import type { Hour } from "../wire/statistics";
import { toTable } from "./table";

export const GROUPINGS = ["hour", "weekday"] as const;
export type Grouping = (typeof GROUPINGS)[number];

export const MEASURES = ["events", "unusual", "persons", "vehicles", "speed"] as const;
export type Measure = (typeof MEASURES)[number];

/** Days back: whole weeks, so that no weekday counts more often than another. */
export const PERIODS = { week: 7, month: 28, year: 364 } as const;
export type Period = keyof typeof PERIODS;

/** One value for each hour (0 to 23) or weekday (0 is Sunday); null where nothing was ever observed. */
export type Bars = readonly (number | null)[];

const BARS_OF: Readonly<Record<Grouping, number>> = { hour: 24, weekday: 7 };

/** Events are counted; everything else is the mean over the time for which figures came. */
export function foldHours(hours: readonly Hour[], measure: Measure, grouping: Grouping): Bars {
  const counts = measure === "events" || measure === "unusual";
  const unit = measure === "speed" ? speedUnitOf(hours) : null;
  const bars = Array.from({ length: BARS_OF[grouping] }, () => ({ sum: 0, weight: 0 }));
  for (const hour of hours) {
    const bar = bars[placeOf(hour.at, grouping)];
    const value = valueOf(hour, measure, unit);
    if (bar === undefined || value === null) continue;
    bar.sum += counts ? value : value * hour.seconds;
    bar.weight += counts ? 1 : hour.seconds;
  }
  return bars.map(({ sum, weight }) => (weight === 0 ? null : counts ? sum : sum / weight));
}

/** Meters where any camera measures them; pixels of one camera are not those of another. */
export function speedUnitOf(hours: readonly Hour[]): string | null {
  const units = new Set(hours.map(({ speedUnit }) => speedUnit));
  return units.has("m/s") ? "m/s" : ([...units].find((unit) => unit !== null) ?? null);
}

/** For how long figures came, and since when anything is known. */
export function reachOf(hours: readonly Hour[]): { readonly observedS: number; readonly since: number | null; readonly events: number } {
  let [observedS, events, since] = [0, 0, Number.POSITIVE_INFINITY];
  for (const hour of hours) {
    observedS += hour.seconds;
    events += hour.incidents;
    since = Math.min(since, hour.at);
  }
  return { observedS, events, since: hours.length === 0 ? null : since };
}

/** Every hour as it came, for a spreadsheet; times in UTC. */
export function hoursToCsv(hours: readonly Hour[]): string {
  const header = ["hour", "source", "seconds", "persons", "persons_max", "vehicles", "vehicles_max", "risk_max", "speed", "speed_unit", "incidents", "unusual"];
  const rows = hours.map((hour) => [
    new Date(hour.at * 1000).toISOString(),
    hour.source,
    String(hour.seconds),
    String(hour.persons),
    String(hour.personsMost),
    String(hour.vehicles),
    String(hour.vehiclesMost),
    String(hour.riskMost),
    hour.speed === null ? "" : String(hour.speed),
    hour.speedUnit ?? "",
    String(hour.incidents),
    String(hour.unusual),
  ]);
  return toTable([header, ...rows]);
}

function valueOf(hour: Hour, measure: Measure, unit: string | null): number | null {
  if (measure === "events") return hour.incidents;
  if (measure === "speed") return hour.speedUnit === unit ? hour.speed : null;
  return hour[measure];
}

function placeOf(at: number, grouping: Grouping): number {
  const moment = new Date(at * 1000);
  return grouping === "hour" ? moment.getHours() : moment.getDay();
}
