/** The way in when there is no WebSocket: `GET /api/status` every two seconds, read as the same messages. */

import { readObservation, readStatus, type Observation, type Status } from "./messages";
import { ObjectReader } from "./reader";
import type { PictureFrame } from "./frames";

const EVERY_MS = 2_000;

export interface PollerEvents {
  readonly observation: (observation: Observation) => void;
  readonly status: (status: Status) => void;
  readonly frame: (frame: PictureFrame) => void;
  readonly answered: () => void;
  readonly failed: () => void;
}

export class StatusPoller {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running = false;

  constructor(
    private readonly address: URL,
    private readonly events: PollerEvents,
  ) {}

  start(): void {
    if (this.running) return;
    this.running = true;
    void this.poll();
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
  }

  private async poll(): Promise<void> {
    try {
      const answer = await fetch(this.address, { cache: "no-store", signal: AbortSignal.timeout(EVERY_MS * 2) });
      if (!answer.ok) throw new Error(`expected status 200, got ${answer.status}`);
      const status = new ObjectReader(await answer.json(), "$");
      if (!this.running) return;
      this.events.answered();
      status.parts("statuses", readStatus).forEach(this.events.status);
      status.parts("observations", readObservation).forEach(this.events.observation);
    } catch {
      if (this.running) this.events.failed();
    }
    if (this.running) this.timer = setTimeout(() => void this.poll(), EVERY_MS);
  }
}
