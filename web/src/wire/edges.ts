/** The cameras of an edge as it is told of them, and what it can see of others. */

import type { Answer, Hub } from "./hub";
import type { ObjectReader } from "./reader";

/** One camera. A password in an address reads `***`, and stays as it was where that comes back. */
export interface CameraEntry {
  readonly id: string;
  readonly source: string;
  readonly name: string;
  readonly loop: boolean;
  readonly preset: string;
  readonly policy: string | null;
  readonly thermal: string;
  readonly thermalToken: string;
  readonly frameSize: string | null;
  readonly quality: number | null;
}

export interface CameraList {
  readonly version: number;
  readonly cameras: readonly CameraEntry[];
  /** Whether changes outlast a restart of the edge, in English. */
  readonly words: string;
}

/** How a camera is that was opened once. */
export interface Tried {
  readonly ok: boolean;
  readonly words: string;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
}

export interface FoundCamera {
  readonly host: string;
  readonly what: string;
  /** Empty when only the camera's manual knows its path. */
  readonly address: string;
  readonly advice: string;
}

export interface Found {
  readonly networks: readonly string[];
  readonly cameras: readonly FoundCamera[];
}

export const NEW_CAMERA: CameraEntry = {
  id: "",
  source: "",
  name: "",
  loop: false,
  preset: "home",
  policy: null,
  thermal: "",
  thermalToken: "",
  frameSize: null,
  quality: null,
};

export function fetchCameras(hub: Hub, edgeId: string): Promise<Answer<CameraList>> {
  return hub.call("GET", `api/edges/${encodeURIComponent(edgeId)}/cameras`, (answer) => ({
    version: answer.number("version"),
    cameras: answer.parts("cameras", readEntry),
    words: answer.text("words", ""),
  }));
}

/** Have exactly these cameras from now on; refused with 409 when the list has changed since `base`. */
export function putCameras(hub: Hub, edgeId: string, cameras: readonly CameraEntry[], base: number): Promise<Answer<string>> {
  const body = { cameras: cameras.map(entryJson), base };
  return hub.call("PUT", `api/edges/${encodeURIComponent(edgeId)}/cameras`, (answer) => answer.text("words", ""), body);
}

export function tryCamera(hub: Hub, edgeId: string, source: string): Promise<Answer<Tried>> {
  const read = (answer: ObjectReader): Tried => ({
    ok: answer.flag("ok"),
    words: answer.text("words", ""),
    width: answer.number("width", 0),
    height: answer.number("height", 0),
    fps: answer.number("fps", 0),
  });
  return hub.call("POST", `api/edges/${encodeURIComponent(edgeId)}/cameras/try`, read, { source });
}

export function findCameras(hub: Hub, edgeId: string): Promise<Answer<Found>> {
  return hub.call("GET", `api/edges/${encodeURIComponent(edgeId)}/cameras/found`, (answer) => ({
    networks: answer.texts("networks"),
    cameras: answer.parts("cameras", (camera) => ({
      host: camera.text("host"),
      what: camera.text("what", ""),
      address: camera.text("address", ""),
      advice: camera.text("advice", ""),
    })),
  }));
}

function readEntry(camera: ObjectReader): CameraEntry {
  return {
    id: camera.text("id"),
    source: camera.text("source"),
    name: camera.text("name", ""),
    loop: camera.flag("loop", false),
    preset: camera.text("preset", "home"),
    policy: camera.maybeText("policy"),
    thermal: camera.text("thermal", ""),
    thermalToken: camera.text("thermal_token", ""),
    frameSize: camera.maybeText("frame_size"),
    quality: camera.maybeNumber("quality"),
  };
}

function entryJson({ thermalToken, frameSize, ...camera }: CameraEntry): unknown {
  return { ...camera, thermal_token: thermalToken, frame_size: frameSize };
}
