/** The course of a camera's risk over the last hour, thinned to one point in two seconds: the highest in each. */

const BUCKET_S = 2;
const POINTS_KEPT = 1800;

export interface RiskPoint {
  /** Page clock, start of the bucket. */
  readonly at: number;
  readonly score: number;
}

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
}
