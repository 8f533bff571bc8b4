/** One camera's way from bytes to screen: decode (newest wins), pair with its boxes, draw in one animation frame. */

import type { PictureStamp } from "../state/age";
import type { Clock } from "../state/clock";
import type { PictureFrame } from "../wire/frames";
import type { Observation, Source } from "../wire/messages";
import type { Layout, Thermogram } from "../wire/overlays";
import { Footfall, type FootfallSource } from "./footfall";
import { Heat, type HeatSource } from "./heat";
import type { Pace } from "./pace";
import { FrameSync, type Pair } from "./sync";
import { Trails, type TrailSource } from "./trails";

export interface DecodedPicture extends PictureStamp {
  readonly bitmap: ImageBitmap;
}

export interface Scene {
  readonly pair: Pair<DecodedPicture> | null;
  /** The newest observation, whatever frame it belongs to: for the radar view only. */
  readonly newest: Observation | null;
  readonly trails: TrailSource;
  readonly layout: Layout | null;
  /** Null where none is known, as in a clip. */
  readonly heat: HeatSource | null;
  readonly footfall: FootfallSource | null;
}

/** A pair of canvases that shows the feed. */
export interface Painter {
  paint(scene: Scene): void;
}

export interface FeedEvents {
  /** The frame is on the screen, or will never be: the hub may send the next. */
  readonly seen: (source: Source, frameId: number) => void;
  readonly drawn: (source: Source, stamp: PictureStamp) => void;
}

export class Feed {
  private readonly sync = new FrameSync<DecodedPicture>((picture) => picture.bitmap.close());
  private readonly painters = new Set<Painter>();
  private readonly trails = new Trails();
  private readonly heat = new Heat();
  private readonly footfall = new Footfall();
  private layout: Layout | null = null;
  private newest: Observation | null = null;
  private next: { readonly frame: PictureFrame; readonly arrivedAt: number } | null = null;
  private decoding = false;
  private undecodable = 0;
  private replaced = 0;
  private animation: number | null = null;

  constructor(
    readonly source: Source,
    private readonly clock: Clock,
    private readonly pace: Pace,
    private readonly events: FeedEvents,
  ) {}

  /** Show this feed on `painter` until the returned function is called. */
  attach(painter: Painter): () => void {
    this.painters.add(painter);
    painter.paint(this.scene);
    return () => this.painters.delete(painter);
  }

  /** Decode and show it soon; while another is being decoded it waits, and a newer one takes its place. */
  receivePicture(frame: PictureFrame): void {
    if (this.next !== null) this.replaced += 1;
    this.next = { frame, arrivedAt: this.clock.now() };
    if (!this.decoding) void this.decodeAll();
  }

  receiveObservation(observation: Observation): void {
    this.sync.offerObservation(observation);
    this.trails.add(observation);
    this.footfall.add(observation);
    this.newest = observation;
    this.schedule();
  }

  receiveThermogram(thermogram: Thermogram): void {
    this.heat.add(thermogram);
    this.schedule();
  }

  receiveLayout(layout: Layout): void {
    this.layout = layout;
    this.schedule();
  }

  /** Pictures that never came to the screen because a newer one did, or because they were broken. */
  get skipped(): number {
    return this.replaced + this.sync.dropped + this.undecodable;
  }

  /** Forget every picture; for a camera that is no more. */
  close(): void {
    this.sync.clear();
    this.next = null;
    if (this.animation !== null) cancelAnimationFrame(this.animation);
  }

  private get scene(): Scene {
    const { newest, trails, layout, heat, footfall } = this;
    return { pair: this.sync.current, newest, trails, layout, heat, footfall };
  }

  private async decodeAll(): Promise<void> {
    this.decoding = true;
    for (;;) {
      if (this.next !== null) await this.pace.room();
      if (this.next === null) break; // also when the feed was closed meanwhile
      const { frame, arrivedAt } = this.next;
      this.next = null;
      const blob = new Blob([frame.jpeg], { type: "image/jpeg" });
      const bitmap = await createImageBitmap(blob).catch(() => null);
      if (bitmap === null) {
        this.undecodable += 1;
        this.events.seen(this.source, frame.frameId);
        continue;
      }
      const { frameId, capturedAt, ageS, thumbnail } = frame;
      this.sync.offerPicture({ bitmap, frameId, capturedAt, ageAtEdgeS: ageS, arrivedAt, thumbnail }, this.clock.now());
      this.schedule();
    }
    this.decoding = false;
  }

  private schedule(): void {
    this.animation ??= requestAnimationFrame(() => this.present());
  }

  private present(): void {
    this.animation = null;
    const shownBefore = this.sync.current?.picture;
    const pair = this.sync.take(this.clock.now());
    for (const painter of this.painters) painter.paint(this.scene);
    if (pair !== null && pair.picture !== shownBefore) {
      this.events.seen(this.source, pair.picture.frameId);
      this.events.drawn(this.source, pair.picture);
    }
    if (this.sync.due !== null) this.schedule();
  }
}
