/** Plays the pictures of a clip at the times at which they were taken; decodes only what is shown, newest wins. */

import type { Clock } from "../state/clock";
import { durationS, FilmTrails, indexAt, seenIn } from "../state/film";
import type { Incident } from "../state/incidents";
import type { Clip } from "../wire/media";
import type { DecodedPicture, Painter } from "./feed";

export interface Playing {
  readonly positionS: number;
  readonly running: boolean;
}

export class FilmPlayer {
  private readonly trails: FilmTrails;
  private readonly endS: number;
  private positionS = 0;
  /** Page clock minus position; null while it stands. */
  private startedAt: number | null = null;
  private animation: number | null = null;
  private shown: DecodedPicture | null = null;
  private wanted = -1;
  private decoding = false;
  private closed = false;

  /** `changed` is told about ten times a second while it plays, and at each change. */
  constructor(
    private readonly clip: Clip,
    private readonly jpegs: readonly Uint8Array<ArrayBuffer>[],
    private readonly incident: Incident,
    private readonly painter: Painter,
    private readonly clock: Clock,
    private readonly changed: (playing: Playing) => void,
  ) {
    this.trails = new FilmTrails(clip, incident.trackIds, false);
    this.endS = durationS(clip);
  }

  /** From where it stands; from the start when it stands at its end. */
  play(): void {
    if (this.startedAt !== null || this.closed) return;
    if (this.positionS >= this.endS) this.positionS = 0;
    this.startedAt = this.clock.now() - this.positionS;
    this.advance();
  }

  pause(): void {
    this.startedAt = null;
    if (this.animation !== null) cancelAnimationFrame(this.animation);
    this.animation = null;
    this.tell();
  }

  seek(positionS: number): void {
    this.positionS = Math.min(this.endS, Math.max(0, positionS));
    if (this.startedAt !== null) this.startedAt = this.clock.now() - this.positionS;
    this.want(indexAt(this.clip, this.positionS));
    this.tell();
  }

  close(): void {
    this.closed = true;
    this.pause();
    this.shown?.bitmap.close();
    this.shown = null;
  }

  private advance(): void {
    if (this.startedAt === null) return;
    this.positionS = Math.min(this.endS, this.clock.now() - this.startedAt);
    this.want(indexAt(this.clip, this.positionS));
    if (this.positionS >= this.endS) this.pause();
    else this.animation = requestAnimationFrame(() => this.advance());
    this.tell();
  }

  private tell(): void {
    if (!this.closed) this.changed({ positionS: this.positionS, running: this.startedAt !== null });
  }

  private want(index: number): void {
    this.wanted = index;
    if (!this.decoding) void this.decodeWanted();
  }

  private async decodeWanted(): Promise<void> {
    this.decoding = true;
    for (let done = -1; done !== this.wanted && !this.closed; ) {
      done = this.wanted;
      await this.show(done);
    }
    this.decoding = false;
  }

  /** A picture that cannot be decoded leaves the one before on the screen. */
  private async show(index: number): Promise<void> {
    const [about, jpeg] = [this.clip.pictures[index], this.jpegs[index]];
    if (about === undefined || jpeg === undefined || this.shown?.frameId === about.frameId) return;
    const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" })).catch(() => null);
    if (bitmap === null) return;
    if (this.closed) return bitmap.close();
    const before = this.shown;
    const { frameId, at: capturedAt } = about;
    this.shown = { bitmap, frameId, capturedAt, ageAtEdgeS: null, arrivedAt: 0, thumbnail: false };
    const pair = { picture: this.shown, observation: seenIn(about, this.incident) };
    this.painter.paint({ pair, newest: null, trails: this.trails, layout: null, heat: null, footfall: null });
    before?.bitmap.close();
  }
}
