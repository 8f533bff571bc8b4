/** Where each track's foot has been in the last seconds. */

import type { Observation } from "../wire/messages";

const TRAIL_S = 6;
const POINTS_KEPT = 64;

export interface TrailPoint {
  /** Edge clock. */
  readonly at: number;
  /** Fractions of the picture. */
  readonly x: number;
  readonly y: number;
}

/** Who knows where a track has been. */
export interface TrailSource {
  /** The trail of a track up to and including the instant `until` (edge clock). */
  of(trackId: number, until: number): readonly TrailPoint[];
}

export class Trails implements TrailSource {
  private points = new Map<number, readonly TrailPoint[]>();

  /** Append the feet of `observation`; tracks that it does not name are forgotten. */
  add(observation: Observation): void {
    const at = observation.capturedAt;
    this.points = new Map(
      observation.tracks.map(({ trackId, box: [x1, , x2, y2] }) => {
        const before = this.points.get(trackId) ?? [];
        const kept = before.filter((point) => point.at > at - TRAIL_S && point.at < at).slice(1 - POINTS_KEPT);
        return [trackId, [...kept, { at, x: (x1 + x2) / 2, y: y2 }]];
      }),
    );
  }

  /** The trail of a track up to and including the instant `until`: never further than the boxes it is drawn with. */
  of(trackId: number, until: number): readonly TrailPoint[] {
    return (this.points.get(trackId) ?? []).filter((point) => point.at <= until);
  }
}
