/** What is kept of an incident: its files, and what people said of it. */

import { readBox, type Box, type Source } from "./messages";
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
  /** `words` say why; `again` when it may come later. */
  | { readonly ok: false; readonly words: string; readonly again: boolean };

export function mediaAddress(base: URL, source: Source, incidentId: string, file: MediaFile): URL {
  return new URL(`api/media/${source}/${incidentId}/${file}`, base);
}

/** One attempt; the hub itself waits some time for the edge. Rejects only when `signal` says so. */
export async function fetchMedia(address: URL, signal: AbortSignal): Promise<Fetched> {
  try {
    const answer = await fetch(address, { signal });
    if (answer.ok) return { ok: true, data: await answer.arrayBuffer() };
    const again = answer.status === 503 || answer.status === 504;
    return { ok: false, words: await reasonOf(answer), again };
  } catch (error) {
    if (signal.aborted) throw error;
    return { ok: false, words: "unreachable", again: true };
  }
}

/** Says what an incident was; returns why that was refused, or nothing. Never throws. */
export async function sendMark(
  base: URL,
  source: Source,
  incidentId: string,
  verdict: { readonly mark: MarkWord; readonly by: string },
): Promise<string> {
  try {
    const answer = await fetch(new URL(`api/incidents/${source}/${incidentId}/mark`, base), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(verdict),
    });
    return answer.ok ? "" : await reasonOf(answer);
  } catch {
    return "unreachable";
  }
}

/** The hub's refusals say what was expected and what came. */
async function reasonOf(answer: Response): Promise<string> {
  try {
    const { got, expected } = new ObjectReader(await answer.json(), "$").part("error", (error) => ({
      got: error.text("got"),
      expected: error.text("expected"),
    }));
    return `${expected}: ${got}`;
  } catch {
    return `${answer.status} ${answer.statusText}`;
  }
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
