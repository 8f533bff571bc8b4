/**
 * Picture and boxes of the same frame, or the picture alone.
 *
 * The two travel apart and may overtake each other. A picture waits for its observation at most one frame interval (as
 * measured), then it is shown without boxes; boxes are never shown on another frame than their own. Of pictures the
 * newest wins: one waits at most, the one before is dropped and counted.
 */

import type { Observation } from "../wire/messages";

const OBSERVATIONS_KEPT = 32;
const INTERVAL_LIMITS_S = { min: 0.02, max: 0.25 };
const SAME_INSTANT_S = 0.001;

/** What is needed of a picture to place it in time. */
export interface Timed {
  readonly frameId: number;
  /** Edge clock. Told together with the id, because ids start again when an edge does. */
  readonly capturedAt: number;
}

export interface Pair<P extends Timed> {
  readonly picture: P;
  readonly observation: Observation | null;
}

export class FrameSync<P extends Timed> {
  /** Pictures that a newer one replaced before they were shown. */
  dropped = 0;
  /** Pictures that were shown although their observation had not come. */
  bare = 0;

  private observations: Observation[] = [];
  private waiting: P | null = null;
  private waitingSince = 0;
  private shown: Pair<P> | null = null;
  private offeredAt: number | null = null;
  private intervalS = 0.1;

  /** `release` is called with each picture that will not be shown (any more). */
  constructor(private readonly release: (picture: P) => void) {}

  offerPicture(picture: P, at: number): void {
    this.measureInterval(at);
    if (this.waiting === null) {
      this.waitingSince = at;
    } else {
      this.dropped += 1;
      this.release(this.waiting);
    }
    this.waiting = picture;
  }

  offerObservation(observation: Observation): void {
    this.observations = [...this.observations.slice(1 - OBSERVATIONS_KEPT), observation];
  }

  /** What must be drawn now, or null when the screen is up to date. */
  take(at: number): Pair<P> | null {
    if (this.waiting === null) return this.takeLateObservation();
    const observation = this.find(this.waiting);
    if (observation === null && at < this.dueAt) return null;
    if (observation === null) this.bare += 1;
    if (this.shown !== null) this.release(this.shown.picture);
    this.shown = { picture: this.waiting, observation };
    this.waiting = null;
    return this.shown;
  }

  /** When the waiting picture will be shown at the latest; null when none waits. */
  get due(): number | null {
    return this.waiting === null ? null : this.dueAt;
  }

  /** What is on the screen. */
  get current(): Pair<P> | null {
    return this.shown;
  }

  /** Forget everything and release the pictures. */
  clear(): void {
    if (this.waiting !== null) this.release(this.waiting);
    if (this.shown !== null) this.release(this.shown.picture);
    this.waiting = null;
    this.shown = null;
    this.observations = [];
    this.offeredAt = null;
  }

  private get dueAt(): number {
    return this.waitingSince + this.intervalS;
  }

  private takeLateObservation(): Pair<P> | null {
    if (this.shown === null || this.shown.observation !== null) return null;
    const observation = this.find(this.shown.picture);
    if (observation === null) return null;
    this.shown = { picture: this.shown.picture, observation };
    return this.shown;
  }

  private find(picture: P): Observation | null {
    return this.observations.findLast((observation) => isSameFrame(observation, picture)) ?? null;
  }

  private measureInterval(at: number): void {
    if (this.offeredAt !== null) {
      const interval = this.intervalS + 0.2 * (at - this.offeredAt - this.intervalS);
      this.intervalS = Math.min(INTERVAL_LIMITS_S.max, Math.max(INTERVAL_LIMITS_S.min, interval));
    }
    this.offeredAt = at;
  }
}

export function isSameFrame(one: Timed, other: Timed): boolean {
  return one.frameId === other.frameId && Math.abs(one.capturedAt - other.capturedAt) < SAME_INSTANT_S;
}
