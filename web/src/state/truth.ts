/** What the page may claim about a camera's picture right now. */

import type { PictureAge } from "./age";
import type { CameraView, Link } from "./world";

/** A picture older than this is greyed and says its age. */
export const STALE_AFTER_S = 2;

export type KnownState =
  | "live"
  | "delayed"
  | "frozen"
  | "dark"
  | "covered"
  | "blurred"
  | "offline"
  | "connecting"
  | "unreachable";

export interface Truth {
  /** One of KnownState, or a newer word of the edge. */
  readonly state: string;
  readonly stale: boolean;
}

/** `unreachable` is our own word: the hub is away, so nothing is known of the camera. */
export function truthOf(camera: CameraView, age: PictureAge | null, link: Link): Truth {
  const stale = age === null || age.seconds > STALE_AFTER_S;
  if (link.kind === "lost") return { state: "unreachable", stale: true };
  if (!camera.edgeOnline || camera.state === "offline") return { state: "offline", stale: true };
  if (camera.state === "frozen") return { state: "frozen", stale: true };
  if (camera.state !== "live" && camera.state !== "") return { state: camera.state, stale };
  if (age === null) return { state: "connecting", stale };
  return { state: stale ? "delayed" : "live", stale };
}
