/** `GET /api/statistics`: what cameras saw, hour by hour of UTC. */

import type { Answer, Hub } from "./hub";
import type { Source } from "./messages";
import type { ObjectReader } from "./reader";

/** One hour of one camera. */
export interface Hour {
  /** UTC, the beginning. */
  readonly at: number;
  readonly source: Source;
  /** For how long figures came. */
  readonly seconds: number;
  /** On average in those seconds. */
  readonly persons: number;
  readonly personsMost: number;
  readonly vehicles: number;
  readonly vehiclesMost: number;
  /** The highest score, 0 to 1. */
  readonly riskMost: number;
  /** On average while something moved; null when nothing did. */
  readonly speed: number | null;
  readonly speedUnit: string | null;
  /** Incidents that opened; `unusual` of them for being so. */
  readonly incidents: number;
  readonly unusual: number;
}

/** Enough for a year of some twenty cameras. */
const PAGES = 20;

/** The hours from `from` on (UTC) of a camera, or of all, oldest first. */
export async function fetchHours(hub: Hub, source: Source | "", from: number): Promise<Answer<readonly Hour[]>> {
  const hours: Hour[] = [];
  let next: number | null = Math.floor(from);
  for (let page = 0; page < PAGES && next !== null; page += 1) {
    const query = new URLSearchParams({ from: String(next), ...(source === "" ? {} : { source }) });
    const answer: Answer<Page> = await hub.call("GET", `api/statistics?${query}`, readPage);
    if (!answer.ok) return answer;
    hours.push(...answer.value.hours);
    next = answer.value.nextFrom;
  }
  return { ok: true, value: hours };
}

interface Page {
  readonly hours: readonly Hour[];
  readonly nextFrom: number | null;
}

/** Throws ContractError. */
export function readPage(page: ObjectReader): Page {
  return { hours: page.parts("buckets", readHour), nextFrom: page.maybeNumber("next_from") };
}

function readHour(hour: ObjectReader): Hour {
  return {
    at: hour.number("at"),
    source: hour.text("source"),
    seconds: hour.number("seconds"),
    persons: hour.number("persons"),
    personsMost: hour.number("persons_max"),
    vehicles: hour.number("vehicles"),
    vehiclesMost: hour.number("vehicles_max"),
    riskMost: hour.number("risk_max"),
    speed: hour.maybeNumber("speed"),
    speedUnit: hour.maybeText("speed_unit"),
    incidents: hour.number("incidents"),
    unusual: hour.number("unusual"),
  };
}
