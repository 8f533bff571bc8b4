/** `GET /api/status`: what the hub says of itself, its edges and its traffic. */

import type { Hub } from "./hub";
import type { Source } from "./messages";
import { ObjectReader } from "./reader";

export interface CameraStatus {
  readonly source: Source;
  readonly name: string;
  readonly kind: string;
  readonly state: string;
  readonly fps: number;
  readonly score: number | null;
  readonly level: string | null;
  /** Another one with every change of its zones and lines; empty where none are known. */
  readonly layout: string;
}

export interface EdgeStatus {
  readonly edgeId: string;
  readonly online: boolean;
  readonly since: number;
  /** `v2` speaks our own format, `v1` the founding one. */
  readonly protocol: string;
  readonly clockOffsetS: number | null;
  readonly cameras: readonly CameraStatus[];
}

/** Bytes under one heading since the hub started; `direction` is seen from the hub. */
export interface TrafficLine {
  readonly direction: string;
  readonly kind: string;
  /** A camera, an edge, or nothing. */
  readonly source: string;
  readonly bytes: number;
}

export interface Uplink {
  readonly edgeId: string;
  readonly bytesPerS: number;
  /** In 30 days, if it goes on like this. */
  readonly monthBytes: number;
}

export interface HubStatus {
  /** Hub clock. */
  readonly at: number;
  readonly uptimeS: number;
  readonly edges: readonly EdgeStatus[];
  readonly lines: readonly TrafficLine[];
  readonly uplinks: readonly Uplink[];
}

/** Null when the hub does not answer or speaks otherwise. */
export async function fetchStatus(hub: Hub): Promise<HubStatus | null> {
  try {
    const answer = await hub.fetch("api/status");
    return answer.ok ? readStatus(await answer.json()) : null;
  } catch {
    return null;
  }
}

/** Throws ContractError. A hub from before the receipt has no traffic to tell. */
export function readStatus(value: unknown): HubStatus {
  const status = new ObjectReader(value, "$");
  const nothing: Pick<HubStatus, "lines" | "uplinks"> = { lines: [], uplinks: [] };
  return {
    at: status.number("at"),
    uptimeS: status.number("uptime_s", 0),
    edges: status.parts("edges", readEdge),
    ...status.part("traffic", readTraffic, nothing),
  };
}

function readEdge(edge: ObjectReader): EdgeStatus {
  return {
    edgeId: edge.text("edge_id"),
    online: edge.flag("online"),
    since: edge.number("since"),
    protocol: edge.text("protocol", ""),
    clockOffsetS: edge.maybeNumber("clock_offset_s"),
    cameras: edge.parts("cameras", readCamera),
  };
}

function readCamera(camera: ObjectReader): CameraStatus {
  return {
    source: camera.text("source"),
    name: camera.text("name", ""),
    kind: camera.text("kind", ""),
    state: camera.text("state"),
    fps: camera.number("fps", 0),
    score: camera.maybeNumber("risk_score"),
    level: camera.maybeText("risk_level"),
    layout: camera.text("layout", ""),
  };
}

function readTraffic(traffic: ObjectReader): Pick<HubStatus, "lines" | "uplinks"> {
  return {
    lines: traffic.parts("lines", (line) => ({
      direction: line.text("direction"),
      kind: line.text("kind"),
      source: line.text("source", ""),
      bytes: line.number("bytes"),
    })),
    uplinks: traffic.parts("uplinks", (uplink) => ({
      edgeId: uplink.text("edge_id"),
      bytesPerS: uplink.number("bytes_per_s"),
      monthBytes: uplink.number("month_bytes"),
    })),
  };
}
