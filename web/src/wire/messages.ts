/**
 * The messages between hub and viewer, as `src/aimonitor/contract/messages.py` defines them, in this page's spelling.
 *
 * A field at its default is absent on the wire, an unknown field is ignored, an unknown type is reported as such and
 * skipped by the caller, vocabularies (state, level, kind, cause) are open strings. Times are seconds since 1970 UTC on
 * the sender's clock; boxes are x1, y1, x2, y2 in fractions of the picture.
 */

import { readBox, type Box } from "./box";
import { readLayout, readThermogram, type Layout, type Thermogram } from "./overlays";
import { ContractError, ObjectReader } from "./reader";

export const SUBPROTOCOL = "aimonitor.v2";

/** `<edge_id>/<camera_id>`, unique in a hub. */
export type Source = string;

export interface Speed {
  readonly value: number;
  readonly unit: string;
  readonly error: number;
}

export interface TrackView {
  readonly trackId: number;
  readonly label: string;
  readonly box: Box;
  readonly score: number;
  readonly speed: Speed | null;
  readonly headingDeg: number | null;
  readonly ageS: number;
  readonly coasting: boolean;
  readonly doing: readonly string[];
  readonly zones: readonly string[];
  readonly hottestCelsius: number | null;
  readonly risk: number;
}

export interface Factor {
  readonly cause: string;
  readonly contribution: number;
  readonly words: string;
  readonly trackId: number | null;
  readonly zone: string;
  readonly value: number | null;
}

export interface RiskView {
  readonly score: number;
  readonly level: string;
  readonly factors: readonly Factor[];
}

export interface SceneView {
  readonly vehicles: number;
  readonly persons: number;
  readonly animals: number;
  /** These three are null where they are not known: they come with the live connection only. */
  readonly avgSpeed: Speed | null;
  readonly convoyDetected: boolean | null;
  readonly thermalActive: boolean | null;
}

export interface Observation {
  readonly type: "observation";
  readonly source: Source;
  readonly frameId: number;
  readonly capturedAt: number;
  readonly width: number;
  readonly height: number;
  readonly risk: RiskView;
  readonly scene: SceneView;
  readonly tracks: readonly TrackView[];
  readonly fps: number;
  readonly analyzed: boolean;
  readonly dropped: number;
}

export interface Status {
  readonly type: "status";
  readonly source: Source;
  readonly state: string;
  readonly since: number;
  readonly name: string;
  readonly detail: string;
  readonly fps: number;
  /** Whether new incidents are news; null where the edge does not say. */
  readonly armed: boolean | null;
  /** The commands that this camera can carry out; empty where the edge does not say. */
  readonly controls: readonly string[];
}

export interface EventMessage {
  readonly type: "event";
  readonly source: Source;
  readonly seq: number;
  readonly incidentId: string;
  readonly kind: string;
  readonly phase: string;
  readonly at: number;
  readonly openedAt: number;
  readonly level: string;
  readonly score: number;
  readonly words: string;
  readonly factors: readonly Factor[];
  readonly trackIds: readonly number[];
  readonly zone: string;
  readonly frameId: number;
  /** What a person said of the incident; comes with the history only. */
  readonly mark: Mark | null;
}

/** What a person said of an incident: acknowledged, not_a_threat or threat. */
export interface Mark {
  readonly mark: string;
  readonly by: string;
  /** Hub clock. */
  readonly at: number;
}

export interface Marked extends Mark {
  readonly type: "marked";
  readonly source: Source;
  readonly incidentId: string;
}

export interface CameraInfo {
  readonly cameraId: string;
  readonly name: string;
  readonly kind: string;
}

export interface Welcome {
  readonly type: "welcome";
  readonly software: string;
  readonly at: number;
  readonly heartbeatS: number;
  readonly commands: readonly string[];
}

export interface Presence {
  readonly type: "presence";
  readonly edgeId: string;
  readonly online: boolean;
  readonly since: number;
  readonly cameras: readonly CameraInfo[];
  /** Edge clock minus hub clock, where measured. */
  readonly clockOffsetS: number | null;
}

export interface CommandResult {
  readonly type: "command_result";
  readonly commandId: string;
  readonly ok: boolean;
  readonly words: string;
  /** Why not, in one word of the vocabulary of refusals; empty when nothing failed, or nobody said. */
  readonly why: string;
}

export interface Pong {
  readonly type: "pong";
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly repliedAt: number;
}

export interface Refusal {
  readonly type: "refusal";
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

export interface Unknown {
  readonly type: "unknown";
  readonly name: string;
}

export type HubMessage =
  | Welcome
  | Presence
  | Status
  | Layout
  | Observation
  | Thermogram
  | EventMessage
  | Marked
  | CommandResult
  | Pong
  | Refusal
  | Unknown;

export const STILL: Speed = { value: 0, unit: "px/s", error: 0 };
export const EMPTY_SCENE: SceneView = {
  vehicles: 0,
  persons: 0,
  animals: 0,
  avgSpeed: STILL,
  convoyDetected: false,
  thermalActive: false,
};

/** Decode one text message; throws ContractError. A type that this page does not know is `unknown`, no error. */
export function parseMessage(text: string): HubMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ContractError("$", "a JSON message", text.slice(0, 40));
  }
  return readMessage(new ObjectReader(value, "$"));
}

function readMessage(from: ObjectReader): HubMessage {
  const type = from.text("type");
  const read = READERS[type];
  return read ? read(from) : { type: "unknown", name: type };
}

const READERS: Readonly<Record<string, (from: ObjectReader) => HubMessage>> = {
  welcome: (from) => ({
    type: "welcome",
    software: from.text("software"),
    at: from.number("at"),
    heartbeatS: from.number("heartbeat_s", 2),
    commands: from.texts("commands"),
  }),
  presence: (from) => ({
    type: "presence",
    edgeId: from.text("edge_id"),
    online: from.flag("online"),
    since: from.number("since"),
    cameras: from.parts("cameras", readCamera),
    clockOffsetS: from.maybeNumber("clock_offset_s"),
  }),
  status: readStatus,
  layout: readLayout,
  observation: readObservation,
  thermogram: readThermogram,
  event: readEvent,
  marked: (from) => ({
    type: "marked",
    source: from.text("source"),
    incidentId: from.text("incident_id"),
    mark: from.text("mark"),
    by: from.text("by", ""),
    at: from.number("at"),
  }),
  command_result: (from) => ({
    type: "command_result",
    commandId: from.text("command_id"),
    ok: from.flag("ok"),
    words: from.text("words", ""),
    why: from.text("why", ""),
  }),
  pong: (from) => ({
    type: "pong",
    sentAt: from.number("sent_at"),
    receivedAt: from.number("received_at"),
    repliedAt: from.number("replied_at"),
  }),
  refusal: (from) => ({
    type: "refusal",
    field: from.text("field"),
    expected: from.text("expected"),
    got: from.text("got"),
  }),
};

function readCamera(from: ObjectReader): CameraInfo {
  return { cameraId: from.text("camera_id"), name: from.text("name", ""), kind: from.text("kind", "file") };
}

function readStatus(from: ObjectReader): Status {
  return {
    type: "status",
    source: from.text("source"),
    state: from.text("state"),
    since: from.number("since"),
    name: from.text("name", ""),
    detail: from.text("detail", ""),
    fps: from.number("fps", 0),
    armed: from.maybeFlag("armed"),
    controls: from.texts("controls"),
  };
}

function readObservation(from: ObjectReader): Observation {
  return {
    type: "observation",
    source: from.text("source"),
    frameId: from.number("frame_id"),
    capturedAt: from.number("captured_at"),
    width: from.number("width"),
    height: from.number("height"),
    risk: from.part("risk", readRisk),
    scene: from.part("scene", readScene, EMPTY_SCENE),
    tracks: from.parts("tracks", readTrack),
    fps: from.number("fps", 0),
    analyzed: from.flag("analyzed", true),
    dropped: from.number("dropped", 0),
  };
}

export function readEvent(from: ObjectReader): EventMessage {
  return {
    type: "event",
    source: from.text("source"),
    seq: from.number("seq"),
    incidentId: from.text("incident_id"),
    kind: from.text("kind"),
    phase: from.text("phase"),
    at: from.number("at"),
    openedAt: from.number("opened_at"),
    level: from.text("level", "NORMAL"),
    score: from.number("score", 0),
    words: from.text("words", ""),
    factors: from.parts("factors", readFactor),
    trackIds: from.numbers("track_ids"),
    zone: from.text("zone", ""),
    frameId: from.number("frame_id", 0),
    mark: readMark(from),
  };
}

function readMark(from: ObjectReader): Mark | null {
  const mark = from.maybeText("mark");
  return mark === null ? null : { mark, by: from.maybeText("marked_by") ?? "", at: from.maybeNumber("marked_at") ?? 0 };
}

function readRisk(from: ObjectReader): RiskView {
  return { score: from.number("score"), level: from.text("level"), factors: from.parts("factors", readFactor) };
}

function readFactor(from: ObjectReader): Factor {
  return {
    cause: from.text("cause"),
    contribution: from.number("contribution"),
    words: from.text("words", ""),
    trackId: from.maybeNumber("track_id"),
    zone: from.text("zone", ""),
    value: from.maybeNumber("value"),
  };
}

function readScene(from: ObjectReader): SceneView {
  return {
    vehicles: from.number("vehicles", 0),
    persons: from.number("persons", 0),
    animals: from.number("animals", 0),
    avgSpeed: from.part<Speed>("avg_speed", readSpeed, STILL),
    convoyDetected: from.flag("convoy_detected", false),
    thermalActive: from.flag("thermal_active", false),
  };
}

function readSpeed(from: ObjectReader): Speed {
  return { value: from.number("value"), unit: from.text("unit", "px/s"), error: from.number("error", 0) };
}

function readTrack(from: ObjectReader): TrackView {
  return {
    trackId: from.number("track_id"),
    label: from.text("label"),
    box: readBox(from),
    score: from.number("score", 0),
    speed: from.part<Speed | null>("speed", readSpeed, null),
    headingDeg: from.maybeNumber("heading_deg"),
    ageS: from.number("age_s", 0),
    coasting: from.flag("coasting", false),
    doing: from.texts("doing"),
    zones: from.texts("zones"),
    hottestCelsius: from.maybeNumber("hottest_celsius"),
    risk: from.number("risk", 0),
  };
}
