/** Whose clock says what: this page's own, the hub's, the edge's. All in seconds. */

export interface Clock {
  /** Seconds since 1970 UTC that never jump while the page is open. */
  now(): number;
}

export const pageClock: Clock = { now: () => (performance.timeOrigin + performance.now()) / 1000 };

interface Sample {
  readonly offsetS: number;
  readonly delayS: number;
}

const SAMPLES_KEPT = 8;

/**
 * Hub clock minus page clock, from pings: the sample with the least delay among the last eight wins
 * (the clock filter of RFC 5905, section 10).
 */
export class HubClock {
  private samples: Sample[] = [];

  /** A ping left at `sentAt` and came back at `returnedAt` (page clock); the hub had it between the other two. */
  add(sentAt: number, receivedAt: number, repliedAt: number, returnedAt: number): void {
    const delayS = returnedAt - sentAt - (repliedAt - receivedAt);
    if (delayS < 0) return;
    const offsetS = (receivedAt - sentAt + (repliedAt - returnedAt)) / 2;
    this.samples = [...this.samples.slice(1 - SAMPLES_KEPT), { offsetS, delayS }];
  }

  /** Null until the first ping came back. */
  get offsetS(): number | null {
    return this.best?.offsetS ?? null;
  }

  get delayS(): number | null {
    return this.best?.delayS ?? null;
  }

  private get best(): Sample | undefined {
    return this.samples.reduce<Sample | undefined>(
      (best, sample) => (best === undefined || sample.delayS < best.delayS ? sample : best),
      undefined,
    );
  }
}
