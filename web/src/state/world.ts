/** Everything the page knows, as one immutable value, and the pure step from one to the next. */

import type { PictureStamp } from "./age";
import type { Course } from "../wire/course";
import type { HubStatus } from "../wire/status";
import { markIncident, mergeEvents, type Incident } from "./incidents";
import { RiskCourse } from "./course";
import type { EventMessage, HubMessage, Marked, Observation, Presence, Source, Status } from "../wire/messages";

/** How the page and the hub are joined. */
export type Link =
  | { readonly kind: "connecting" }
  | { readonly kind: "open" }
  | { readonly kind: "polling" }
  | { readonly kind: "paused" }
  | { readonly kind: "lost"; readonly since: number };

export interface CameraView {
  readonly source: Source;
  readonly edgeId: string;
  readonly cameraId: string;
  readonly name: string;
  readonly edgeOnline: boolean;
  /** Edge clock minus hub clock. */
  readonly clockOffsetS: number | null;
  /** Empty until the edge has told one; founding edges never do. */
  readonly state: string;
  /** Edge clock. */
  readonly stateSince: number;
  readonly detail: string;
  /** As in `Status`. */
  readonly armed: boolean | null;
  readonly controls: readonly string[];
  readonly observation: Observation | null;
  /** Page clock. */
  readonly observedAt: number;
  readonly picture: PictureStamp | null;
  readonly course: RiskCourse;
}

export interface World {
  readonly link: Link;
  readonly hubAheadS: number | null;
  readonly software: string;
  /** What the hub passes on to cameras. */
  readonly commands: readonly string[];
  /** How each edge speaks, as far as the hub was asked: `v1` is the founding format, which knows no results. */
  readonly protocols: ReadonlyMap<string, string>;
  readonly cameras: ReadonlyMap<Source, CameraView>;
  readonly incidents: readonly Incident[];
  /** One that somebody asked for although it is too old to be among them. */
  readonly sought: Incident | null;
  /** How late pictures came when the link was found too slow for them, in seconds; null while it is not. */
  readonly slowLinkS: number | null;
  /** Somebody wants pictures whatever the link. */
  readonly insists: boolean;
  /** Messages of a type that this page does not know, skipped. */
  readonly skipped: number;
  /** Messages that broke the contract, dropped. */
  readonly broken: number;
}

export const EMPTY_WORLD: World = {
  link: { kind: "connecting" },
  hubAheadS: null,
  software: "",
  commands: [],
  protocols: new Map(),
  cameras: new Map(),
  incidents: [],
  sought: null,
  slowLinkS: null,
  insists: false,
  skipped: 0,
  broken: 0,
};

/** The world after `message`, which arrived at `at` (page clock). */
export function applyMessage(world: World, message: HubMessage, at: number): World {
  switch (message.type) {
    case "welcome":
      return { ...world, software: message.software, commands: message.commands };
    case "presence":
      return applyPresence(world, message);
    case "status":
      return applyStatus(world, message);
    case "observation":
      return applyObservation(world, message, at);
    case "event":
      return applyEvents(world, [message]);
    case "marked":
      return applyMarked(world, message);
    case "unknown":
      return { ...world, skipped: world.skipped + 1 };
    default:
      return world;
  }
}

export function applyEvents(world: World, events: readonly EventMessage[]): World {
  return { ...world, incidents: mergeEvents(world.incidents, events) };
}

/** The events of the one incident that was asked for. */
export function applySought(world: World, events: readonly EventMessage[]): World {
  return { ...world, sought: mergeEvents([], events)[0] ?? null };
}

function applyMarked(world: World, marked: Marked): World {
  const sought = world.sought === null ? null : (markIncident([world.sought], marked)[0] ?? null);
  return { ...world, incidents: markIncident(world.incidents, marked), sought };
}

/** What the hub remembers of a camera's risk; `hubAheadS` turns its clock into ours. */
export function applyCourse(world: World, source: Source, { cameras }: Course): World {
  const camera = world.cameras.get(source);
  const told = cameras.find((course) => course.source === source);
  if (camera === undefined || told === undefined) return world;
  const ahead = world.hubAheadS ?? 0;
  const points = told.at.map((at, index) => ({ at: at - ahead, score: told.risk[index] ?? 0 }));
  return changeCamera(world, source, { course: camera.course.merge(points) });
}

/** What the hub says of its edges. */
export function applyStatusOfHub(world: World, { edges }: HubStatus): World {
  return { ...world, protocols: new Map(edges.map(({ edgeId, protocol }) => [edgeId, protocol])) };
}

export function applyLink(world: World, link: Link): World {
  return { ...world, link };
}

/** The link was judged; `lagS` is null while it is fast enough. What was insisted on ends with the slowness. */
export function applySlowness(world: World, lagS: number | null): World {
  if ((lagS === null) === (world.slowLinkS === null)) return world;
  return { ...world, slowLinkS: lagS, insists: lagS !== null && world.insists };
}

/** Whether boxes alone are asked for because the link is slow. */
export function isSparing({ slowLinkS, insists }: World): boolean {
  return slowLinkS !== null && !insists;
}

/** The picture with this stamp is now on the screen. */
export function applyDrawn(world: World, source: Source, stamp: PictureStamp): World {
  return changeCamera(world, source, { picture: stamp });
}

function applyPresence(world: World, presence: Presence): World {
  const { edgeId, online, clockOffsetS } = presence;
  const named = new Set(presence.cameras.map((info) => `${edgeId}/${info.cameraId}`));
  const kept = [...world.cameras].filter(([source, camera]) => camera.edgeId !== edgeId || named.has(source));
  let next: World = { ...world, cameras: new Map(kept) };
  for (const info of presence.cameras) {
    const name = info.name === "" ? {} : { name: info.name };
    next = changeCamera(next, `${edgeId}/${info.cameraId}`, name);
  }
  for (const camera of next.cameras.values()) {
    if (camera.edgeId === edgeId) next = changeCamera(next, camera.source, { edgeOnline: online, clockOffsetS });
  }
  return next;
}

function applyStatus(world: World, status: Status): World {
  const name = status.name === "" ? {} : { name: status.name };
  return changeCamera(world, status.source, {
    state: status.state,
    stateSince: status.since,
    detail: status.detail,
    armed: status.armed,
    controls: status.controls,
    ...name,
  });
}

function applyObservation(world: World, observation: Observation, at: number): World {
  const before = world.cameras.get(observation.source) ?? newCamera(observation.source);
  return changeCamera(world, observation.source, {
    observation,
    observedAt: at,
    course: before.course.add(at, observation.risk.score),
  });
}

function changeCamera(world: World, source: Source, change: Partial<CameraView>): World {
  const before = world.cameras.get(source) ?? newCamera(source);
  return { ...world, cameras: new Map(world.cameras).set(source, { ...before, ...change }) };
}

/** A camera seen for the first time; its edge must be there, or nobody would have spoken of it. */
function newCamera(source: Source): CameraView {
  const slash = source.indexOf("/");
  const cameraId = source.slice(slash + 1);
  return {
    source,
    edgeId: source.slice(0, slash),
    cameraId,
    name: cameraId,
    edgeOnline: true,
    clockOffsetS: null,
    state: "",
    stateSince: 0,
    detail: "",
    armed: null,
    controls: [],
    observation: null,
    observedAt: 0,
    picture: null,
    course: RiskCourse.empty,
  };
}
