/** The course of a camera's risk over the last hour, thinned to one point in two seconds: the highest in each. */

const BUCKET_S = 2;
const POINTS_KEPT = 1800;
/** A camera at rest says something at least this often. */
export const SILENCE_S = 12;

export interface RiskPoint {
  /** Page clock, start of the bucket. */
  readonly at: number;
  readonly score: number;
}

/** A series in time order; a hole stays a hole. */
export class RiskCourse {
  static readonly empty = new RiskCourse([]);

  private constructor(readonly points: readonly RiskPoint[]) {}

  /** The course with `score` at `at` in it; at most POINTS_KEPT points, the oldest fall out. */
  add(at: number, score: number): RiskCourse {
    const bucket = Math.floor(at / BUCKET_S) * BUCKET_S;
    const last = this.points.at(-1);
    if (last?.at === bucket) {
      if (score <= last.score) return this;
      return new RiskCourse([...this.points.slice(0, -1), { at: bucket, score }]);
    }
    return new RiskCourse([...this.points.slice(1 - POINTS_KEPT), { at: bucket, score }]);
  }

  /** The course with points of any time in it, in any order. */
  merge(points: readonly RiskPoint[]): RiskCourse {
    const highest = new Map(this.points.map((point) => [point.at, point.score]));
    for (const { at, score } of points) {
      const bucket = Math.floor(at / BUCKET_S) * BUCKET_S;
      highest.set(bucket, Math.max(score, highest.get(bucket) ?? 0));
    }
    const merged = [...highest].map(([at, score]) => ({ at, score })).sort((a, b) => a.at - b.at);
    return new RiskCourse(merged.slice(-POINTS_KEPT));
  }
}

/** Where nothing is known between `from` and `to`, as pairs of page times. */
export function silences(points: readonly RiskPoint[], from: number, to: number): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  let heardAt = from;
  for (const { at } of points) {
    if (at < from || at > to) continue;
    if (at - heardAt > SILENCE_S) found.push([heardAt, at]);
    heardAt = at;
  }
  if (to - heardAt > SILENCE_S) found.push([heardAt, to]);
  return found;
}

/** The course since `from` as lines that no hole interrupts. */
export function linesOf(points: readonly RiskPoint[], from: number): readonly (readonly RiskPoint[])[] {
  const lines: RiskPoint[][] = [];
  let line: RiskPoint[] = [];
  for (const point of points) {
    if (point.at < from) continue;
    const before = line.at(-1);
    if (before === undefined || point.at - before.at > SILENCE_S) lines.push((line = []));
    line.push(point);
  }
  return lines;
}
