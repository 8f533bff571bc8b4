/** The state and age of a camera's picture in the reader's words, a few times a second. */

import type { Catalogue } from "../i18n/en";
import { translate } from "../i18n/language";
import { pictureAge, type PictureAge, type PictureStamp } from "../state/age";
import { STALE_AFTER_S, truthOf, type Truth } from "../state/truth";
import type { CameraView } from "../state/world";
import { useLanguage, useNow, useRadar, useWorld } from "./context";

export interface ShownTruth {
  readonly state: string;
  /** The state in the reader's words. */
  readonly words: string;
  readonly stale: boolean;
  /** "0.2 sec old", "at least 3 sec old". */
  readonly age: string;
  /** The bare length of time. */
  readonly duration: string;
  /** What must be said on the picture itself; empty when it is what it seems. */
  readonly note: string;
  readonly isFine: boolean;
  readonly detail: PictureAge | null;
}

export function useTruth(camera: CameraView): ShownTruth {
  const now = useNow(250);
  const radar = useRadar();
  const { words, duration, time } = useLanguage();
  const link = useWorld((world) => world.link);
  const hubAheadS = useWorld((world) => world.hubAheadS);
  const stamp = radar ? observationStamp(camera) : camera.picture;
  const detail = stamp === null ? null : pictureAge(stamp, now, camera.clockOffsetS, hubAheadS);
  const truth = truthOf(camera, detail, link);
  const isSmall = camera.picture?.thumbnail === true && !radar;
  const state = truth.state !== "live" ? truth.state : radar ? "radar" : isSmall ? "still" : "live";
  const length = detail === null ? "" : duration(detail.seconds);
  const age = detail === null ? words.age.unknown : detail.exact ? words.age.exact(length) : words.age.atLeast(length);
  const stateWords = translate(words.state, state);
  const since = camera.stateSince - (camera.clockOffsetS ?? 0) - (hubAheadS ?? 0);
  const isFine = !truth.stale && (state === "live" || state === "radar");
  const note = isFine ? "" : state === "still" ? words.picture.small : noteOf(truth, camera, length, stateWords, words, time(since));
  return { state, words: stateWords, stale: truth.stale, age, duration: length, note, isFine, detail };
}

/** A picture that is old says its age, one that shows nothing of use says why and since when. */
function noteOf(
  truth: Truth,
  camera: CameraView,
  age: string,
  stateWords: string,
  words: Catalogue,
  since: string,
): string {
  if (camera.picture === null) return words.picture.waiting;
  if (truth.state === camera.state && camera.state !== "live") return words.picture.since(stateWords, since);
  return words.picture.stale(age);
}

/** Empty while risk and figures are of this moment, else how old they are, in the reader's words. */
export function useDoubt(camera: CameraView): string {
  const now = useNow(500);
  const { words, duration } = useLanguage();
  const link = useWorld((world) => world.link);
  const hubAheadS = useWorld((world) => world.hubAheadS);
  const stamp = observationStamp(camera);
  if (stamp === null) return "";
  const { seconds } = pictureAge(stamp, now, camera.clockOffsetS, hubAheadS);
  const isOver = link.kind === "lost" || !camera.edgeOnline;
  return isOver || seconds > STALE_AFTER_S ? words.age.last(duration(seconds)) : "";
}

/** In the radar view the boxes are what is live: their age counts. */
function observationStamp(camera: CameraView): PictureStamp | null {
  if (camera.observation === null) return null;
  const { frameId, capturedAt } = camera.observation;
  return { frameId, capturedAt, ageAtEdgeS: null, arrivedAt: camera.observedAt, thumbnail: false };
}
