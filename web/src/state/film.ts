/** The clip of an incident over time: which picture stands at which moment, and what was seen in it. */

import type { TrailPoint, TrailSource } from "../picture/trails";
import type { Clip, ClipPicture } from "../wire/media";
import { EMPTY_SCENE, type Observation } from "../wire/messages";
import type { Incident } from "./incidents";

/** So long the last picture stands. */
const LAST_STANDS_S = 0.5;

export function durationS(clip: Clip): number {
  return (clip.pictures.at(-1)?.at ?? 0) - startOf(clip) + LAST_STANDS_S;
}

/** Where in the clip the incident opened, in seconds from its start. */
export function openedAtS(clip: Clip): number {
  return (clip.pictures[openingIndex(clip)]?.at ?? startOf(clip)) - startOf(clip);
}

export function openingIndex({ pictures, openedFrameId }: Clip): number {
  return Math.max(
    0,
    pictures.findIndex(({ frameId }) => frameId === openedFrameId),
  );
}

/** The picture that stands `positionS` seconds after the start. */
export function indexAt(clip: Clip, positionS: number): number {
  return Math.max(
    0,
    clip.pictures.findLastIndex(({ at }) => at - startOf(clip) <= positionS + 1e-6),
  );
}

/** What was seen in one picture, in the form in which it is drawn: who the incident is about stands out by its score. */
export function seenIn(picture: ClipPicture, { source, trackIds, score, level }: Incident): Observation {
  return {
    type: "observation",
    source,
    frameId: picture.frameId,
    capturedAt: picture.at,
    width: 0,
    height: 0,
    risk: { score, level, factors: [] },
    scene: EMPTY_SCENE,
    tracks: picture.tracks.map((track) => ({
      ...track,
      score: 1,
      speed: null,
      headingDeg: null,
      ageS: 0,
      coasting: false,
      doing: [],
      zones: [],
      hottestCelsius: null,
      risk: trackIds.includes(track.trackId) ? score : 0,
    })),
    fps: 0,
    analyzed: true,
    dropped: 0,
  };
}

/** Where the feet of those whom the incident is about went, over the whole clip. */
export class FilmTrails implements TrailSource {
  private readonly points: ReadonlyMap<number, readonly TrailPoint[]>;

  constructor(
    clip: Clip,
    trackIds: readonly number[],
    /** Show the way up to its end, also on an earlier picture. */
    private readonly whole: boolean,
  ) {
    this.points = new Map(
      trackIds.map((trackId) => [
        trackId,
        clip.pictures.flatMap(({ at, tracks }) =>
          tracks
            .filter((track) => track.trackId === trackId)
            .map(({ box: [x1, , x2, y2] }) => ({ at, x: (x1 + x2) / 2, y: y2 })),
        ),
      ]),
    );
  }

  of(trackId: number, until: number): readonly TrailPoint[] {
    const points = this.points.get(trackId) ?? [];
    return this.whole ? points : points.filter(({ at }) => at <= until);
  }
}

function startOf({ pictures }: Clip): number {
  return pictures[0]?.at ?? 0;
}
