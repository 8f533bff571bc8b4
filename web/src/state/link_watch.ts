/** Notices that the link is too slow for pictures, and when it may be worth trying again. Pure; all in seconds. */

/** What takes longer on its way is late. */
export const LATE_S = 2;
/** A link that brings everything late for so long is slow: one late picture is a hiccup. */
const SUSTAINED_S = 3;
/** After so long without anything late, pictures are tried again; twice as long after each time that failed. */
const FIRST_TRY_S = 20;
const LAST_TRY_S = 320;
/** A try that holds so long has not failed. */
const PROVEN_S = 60;

/** What arrives: pictures of one camera, or answers to pings. */
export type Lane = string;

interface Lateness {
  readonly lagS: number;
  readonly heardAt: number;
  /** Since when everything in this lane was late; null when the last was not. */
  readonly lateSince: number | null;
}

export class LinkWatch {
  private readonly lanes = new Map<Lane, Lateness>();
  private slowSince: number | null = null;
  private goodSince = 0;
  private resumedAt: number | null = null;
  private waitS = FIRST_TRY_S;

  /** Something of `lane` took `lagS` to get here. Late news of one lane alone is its own matter, not the link's. */
  note(lane: Lane, lagS: number, at: number): void {
    const late = lagS > LATE_S;
    if (late) this.goodSince = at;
    this.lanes.set(lane, { lagS, heardAt: at, lateSince: late ? (this.lanes.get(lane)?.lateSince ?? at) : null });
    if (this.slowSince === null) this.judge(at);
  }

  /** Forget a lane: nothing of it is asked for any more. */
  forget(lane: Lane): void {
    this.lanes.delete(lane);
  }

  /** Whether boxes alone should be asked for at `at`. */
  isSlow(at: number): boolean {
    if (this.slowSince !== null && at - Math.max(this.slowSince, this.goodSince) >= this.waitS) {
      this.slowSince = null;
      this.resumedAt = at;
      this.lanes.clear();
    }
    return this.slowSince !== null;
  }

  /** How late the least late of the late lanes is. */
  get lagS(): number {
    const lags = [...this.lanes.values()].filter(({ lateSince }) => lateSince !== null).map(({ lagS }) => lagS);
    return lags.length === 0 ? 0 : Math.min(...lags);
  }

  /** A lane that was in time, and has brought nothing since, says nothing of the link as it is now. */
  private judge(at: number): void {
    const telling = [...this.lanes.values()].filter(({ lateSince, heardAt }) => lateSince !== null || at - heardAt < SUSTAINED_S);
    if (!telling.every(({ lateSince }) => lateSince !== null && at - lateSince >= SUSTAINED_S)) return;
    const relapsed = this.resumedAt !== null && at - this.resumedAt < PROVEN_S;
    this.waitS = relapsed ? Math.min(LAST_TRY_S, this.waitS * 2) : FIRST_TRY_S;
    this.slowSince = at;
    this.goodSince = at;
  }
}
