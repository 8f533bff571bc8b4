/** What is kept of an incident: its files, and what people said of it. */

import { nothing, readRefusal, type Answer, type Hub } from "./hub";
import { readBox, type Box } from "./box";
import type { Source } from "./messages";
import { ContractError, ObjectReader } from "./reader";

export const MEDIA_FILES = ["snapshot.jpg", "boxes.jpg", "clip.avi", "clip.json"] as const;
export type MediaFile = (typeof MEDIA_FILES)[number];

/** What a person can say of an incident; a later mark replaces the one before. */
export const MARKS = ["acknowledged", "not_a_threat", "threat"] as const;
export type MarkWord = (typeof MARKS)[number];

export interface ClipTrack {
  readonly trackId: number;
  readonly label: string;
  readonly box: Box;
}

export interface ClipPicture {
  readonly frameId: number;
  /** Edge clock. */
  readonly at: number;
  readonly tracks: readonly ClipTrack[];
}

/** What `clip.json` tells of the pictures in `clip.avi`, in the same order. */
export interface Clip {
  /** The frame in which the incident opened. */
  readonly openedFrameId: number;
  /** Bytes of all pictures together. */
  readonly bytes: number;
  readonly pictures: readonly ClipPicture[];
}

export type Fetched =
  | { readonly ok: true; readonly data: ArrayBuffer }
  /** `code` and `words` as of a refusal; `again` when it may come later. */
  | { readonly ok: false; readonly code: string; readonly words: string; readonly again: boolean };

export function mediaAddress(hub: Hub, source: Source, incidentId: string, file: MediaFile): URL {
  return new URL(`api/media/${source}/${incidentId}/${file}`, hub.base);
}

/** One attempt; the hub itself waits some time for the edge. Rejects only when `signal` says so. */
export async function fetchMedia(hub: Hub, address: URL, signal: AbortSignal): Promise<Fetched> {
  try {
    const answer = await hub.fetch(address.href, { signal, cache: "default" });
    if (answer.ok) return { ok: true, data: await answer.arrayBuffer() };
    const again = answer.status === 503 || answer.status === 504;
    const { code, words } = await readRefusal(answer);
    return { ok: false, code, words, again };
  } catch (error) {
    if (signal.aborted) throw error;
    return { ok: false, code: "unreachable", words: "", again: true };
  }
}

/** Says what an incident was. */
export function sendMark(
  hub: Hub,
  source: Source,
  incidentId: string,
  verdict: { readonly mark: MarkWord; readonly by: string },
): Promise<Answer<null>> {
  return hub.call("POST", `api/incidents/${source}/${incidentId}/mark`, nothing, verdict);
}

/** Throws ContractError. */
export function readClip(value: unknown): Clip {
  const clip = new ObjectReader(value, "$");
  const pictures = clip.parts("pictures", (picture) => ({
    frameId: picture.number("frame_id"),
    at: picture.number("utc"),
    bytes: picture.number("bytes"),
    tracks: picture.parts("tracks", (track) => ({
      trackId: track.number("track_id"),
      label: track.text("label"),
      box: readBox(track),
    })),
  }));
  if (pictures.length === 0) throw new ContractError("$.pictures", "at least one picture", "none");
  const bytes = pictures.reduce((sum, picture) => sum + picture.bytes, 0);
  return { openedFrameId: clip.number("opened"), bytes, pictures };
}
