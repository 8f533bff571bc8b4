/** How much this page receives: bytes of the last minute, second by second. */

const WINDOW_S = 60;

export class Traffic {
  private readonly seconds = new Map<number, number>();
  private firstAt: number | null = null;

  /** `bytes` came at `at` (seconds, page clock). */
  add(bytes: number, at: number): void {
    this.firstAt ??= at;
    const second = Math.floor(at);
    this.seconds.set(second, (this.seconds.get(second) ?? 0) + bytes);
    for (const old of this.seconds.keys()) if (old <= second - WINDOW_S) this.seconds.delete(old);
  }

  /** Bytes a minute, extrapolated while the page is younger than that. */
  perMinute(at: number): number {
    if (this.firstAt === null) return 0;
    const since = Math.floor(at) - WINDOW_S;
    let bytes = 0;
    for (const [second, count] of this.seconds) if (second > since) bytes += count;
    return (bytes * WINDOW_S) / Math.min(WINDOW_S, Math.max(1, at - this.firstAt));
  }
}
