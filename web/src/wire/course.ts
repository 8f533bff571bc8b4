/** `GET /api/course`: the highest risk and counts of each step of a span of time. */

import type { Answer, Hub } from "./hub";
import type { Source } from "./messages";
import { ContractError, type ObjectReader } from "./reader";

export const FIGURES = ["risk", "persons", "vehicles"] as const;
export type Figure = (typeof FIGURES)[number];

/** The steps of one camera in which figures came, oldest first: columns of the same length. */
export interface CameraCourse extends Readonly<Record<Figure, readonly number[]>> {
  readonly source: Source;
  /** Hub clock, the beginning of each. */
  readonly at: readonly number[];
}

export interface Course {
  /** Hub clock. */
  readonly from: number;
  readonly to: number;
  readonly stepS: number;
  readonly cameras: readonly CameraCourse[];
}

/** The last `rangeS` seconds of a camera, or of all, in at most `points` steps. */
export function fetchCourse(hub: Hub, source: Source | "", rangeS: number, points: number, now: number): Promise<Answer<Course>> {
  const query = new URLSearchParams({ from: String(Math.floor(now - rangeS)), points: String(points), ...(source === "" ? {} : { source }) });
  return hub.call("GET", `api/course?${query}`, readCourse);
}

/** Throws ContractError. */
export function readCourse(course: ObjectReader): Course {
  return {
    from: course.number("from"),
    to: course.number("to"),
    stepS: course.number("step_s"),
    cameras: course.parts("cameras", readCamera),
  };
}

function readCamera(camera: ObjectReader): CameraCourse {
  const [at, risk, persons, vehicles] = [camera.numbers("at"), camera.numbers("risk"), camera.numbers("persons"), camera.numbers("vehicles")];
  for (const column of [risk, persons, vehicles]) {
    if (column.length !== at.length) throw new ContractError("$.cameras", `columns of ${at.length}`, `one of ${column.length}`);
  }
  return { source: camera.text("source"), at, risk, persons, vehicles };
}
