/**
 * The way in when there is no WebSocket: every two seconds what REST tells, put into the same messages.
 *
 * `GET /api/status` gives edges, cameras and the hub's time, `GET /api/history` events and the newest figures,
 * `GET /api/snapshot/…` the newest picture of each camera that is on the screen, and `GET /api/layout/…` its zones when
 * they changed. Boxes, reasons and heat do not come this way.
 */

import type { Clock } from "../state/clock";
import type { PictureFrame } from "./frames";
import type { Hub } from "./hub";
import { readHistory, type Sample } from "./history";
import { parseMessage, type HubMessage, type Observation, type Pong, type Presence, type Source, type Status } from "./messages";
import { readStatus, type CameraStatus, type EdgeStatus, type HubStatus } from "./status";

const EVERY_MS = 2_000;
const TIMEOUT_MS = 4_000;
const EVENTS_ASKED = 50;
const SAMPLES_ASKED = 100;

export interface PollerEvents {
  readonly message: (message: HubMessage) => void;
  readonly frame: (frame: PictureFrame) => void;
  readonly answered: () => void;
  readonly failed: () => void;
}

export class StatusPoller {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running = false;
  private readonly pictured = new Map<Source, number>();
  private readonly laidOut = new Map<Source, string>();

  constructor(
    private readonly hub: Hub,
    private readonly clock: Clock,
    private readonly visible: () => readonly Source[],
    private readonly events: PollerEvents,
  ) {}

  get isRunning(): boolean {
    return this.running;
  }

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
      const messages = await this.ask();
      if (!this.running) return;
      this.events.answered();
      messages.forEach(this.events.message);
      await Promise.all(this.visible().map((source) => this.askPicture(source)));
    } catch {
      if (this.running) this.events.failed();
    }
    if (this.running) this.timer = setTimeout(() => void this.poll(), EVERY_MS);
  }

  private async ask(): Promise<readonly HubMessage[]> {
    const sentAt = this.clock.now();
    const status = readStatus(await (await this.get("api/status")).json());
    const pong = pongOf(status, sentAt);
    const answer = await this.get(`api/history?limit=${EVENTS_ASKED}&samples=${SAMPLES_ASKED}`);
    const { events, samples } = readHistory(await answer.json());
    await Promise.all(status.edges.flatMap(({ cameras }) => cameras).map((camera) => this.askLayout(camera)));
    const newest = new Map([...samples].reverse().map((sample) => [sample.source, sample]));
    return [pong, ...status.edges.flatMap((edge) => messagesOf(edge, newest)), ...events];
  }

  /** The zones of a camera that is on the screen, where they are others than before. */
  private async askLayout({ source, layout }: CameraStatus): Promise<void> {
    if (layout === "" || this.laidOut.get(source) === layout || !this.visible().includes(source)) return;
    const answer = await this.get(`api/layout/${source}`).catch(() => null);
    if (answer === null || !this.running) return;
    this.laidOut.set(source, layout);
    this.events.message(parseMessage(await answer.text()));
  }

  /** A camera without a picture answers 404: then there is none to show. A picture that came before is not taken again. */
  private async askPicture(source: Source): Promise<void> {
    const answer = await this.get(`api/snapshot/${source}.jpg`).catch(() => null);
    if (answer === null || !this.running) return;
    const capturedAt = Number(answer.headers.get("x-captured-at"));
    if (this.pictured.get(source) === capturedAt) return;
    this.pictured.set(source, capturedAt);
    this.events.frame({
      source,
      frameId: 0,
      capturedAt,
      ageS: 0,
      width: 0,
      height: 0,
      thumbnail: false,
      jpeg: new Uint8Array(await answer.arrayBuffer()),
    });
  }

  private async get(path: string): Promise<Response> {
    const answer = await this.hub.fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!answer.ok) throw new Error(`expected status 200 from ${path}, got ${answer.status}`);
    return answer;
  }
}

/** The status tells the hub's time: as good as the answer to a ping. */
function pongOf({ at }: HubStatus, sentAt: number): Pong {
  return { type: "pong", sentAt, receivedAt: at, repliedAt: at };
}

function messagesOf(edge: EdgeStatus, samples: ReadonlyMap<Source, Sample>): readonly HubMessage[] {
  const { edgeId, online, since, cameras, clockOffsetS } = edge;
  const presence: Presence = {
    type: "presence",
    edgeId,
    online,
    since,
    cameras: cameras.map(({ source, name, kind }) => ({ cameraId: source.split("/")[1] ?? "", name, kind })),
    clockOffsetS,
  };
  const states = cameras.map(
    ({ source, state, name, fps }): Status => ({ type: "status", source, state, since, name, detail: "", fps, armed: null, controls: [] }),
  );
  const figures = cameras.flatMap(({ source, score, level, fps }): readonly Observation[] => {
    const sample = samples.get(source);
    return score === null || level === null || sample === undefined ? [] : [figuresOf(sample, score, level, fps)];
  });
  return [presence, ...states, ...figures];
}

/** What is known without the live connection; what is not is null, and shown as unknown. */
function figuresOf(sample: Sample, score: number, level: string, fps: number): Observation {
  return {
    type: "observation",
    source: sample.source,
    frameId: 0,
    capturedAt: sample.at,
    width: 0,
    height: 0,
    risk: { score, level, factors: [] },
    scene: {
      persons: sample.persons,
      vehicles: sample.vehicles,
      animals: 0,
      avgSpeed: null,
      convoyDetected: null,
      thermalActive: null,
    },
    tracks: [],
    fps,
    analyzed: true,
    dropped: 0,
  };
}
