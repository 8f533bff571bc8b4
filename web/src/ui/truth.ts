/** The state and age of a camera's picture in the reader's words, a few times a second. */

import { translate } from "../i18n/language";
import { pictureAge, type PictureAge, type PictureStamp } from "../state/age";
import { STALE_AFTER_S, truthOf } from "../state/truth";
import type { CameraView } from "../state/world";
import { useLanguage, useNow, usePreferences, useWorld } from "./context";

export interface ShownTruth {
  readonly state: string;
  /** The state in the reader's words. */
  readonly words: string;
  readonly stale: boolean;
  /** "0.2 sec old", "at least 3 sec old". */
  readonly age: string;
  /** The bare length of time, for sentences. */
  readonly duration: string;
  readonly detail: PictureAge | null;
}

export function useTruth(camera: CameraView): ShownTruth {
  const now = useNow(250);
  const { radar } = usePreferences();
  const { words, duration } = useLanguage();
  const link = useWorld((world) => world.link);
  const hubAheadS = useWorld((world) => world.hubAheadS);
  const stamp = radar ? observationStamp(camera) : camera.picture;
  const detail = stamp === null ? null : pictureAge(stamp, now, camera.clockOffsetS, hubAheadS);
  const truth = truthOf(camera, detail, link);
  const state = radar && truth.state === "live" ? "radar" : truth.state;
  const length = detail === null ? "" : duration(detail.seconds);
  const age = detail === null ? words.age.unknown : detail.exact ? words.age.exact(length) : words.age.atLeast(length);
  return { state, words: translate(words.state, state), stale: truth.stale, age, duration: length, detail };
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
  return { frameId, capturedAt, ageAtEdgeS: null, arrivedAt: camera.observedAt };
}
