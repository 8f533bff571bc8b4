/** `/api/push`: the reader's browsers, and of what each is told while the page is closed. */

import { nothing, type Answer, type Hub } from "./hub";
import type { Source } from "./messages";
import type { ObjectReader } from "./reader";

export interface Rules {
  /** The lowest level that is told. */
  readonly level: string;
  /** None means all. */
  readonly cameras: readonly Source[];
  /** "22:00-07:00" in `timezone`, or empty. */
  readonly quiet: string;
  /** IANA name. */
  readonly timezone: string;
}

export interface Device {
  readonly pushId: string;
  readonly label: string;
  /** UTC. */
  readonly createdAt: number;
  readonly rules: Rules;
}

export interface PushState {
  /** The hub's key for the browser's push manager, base64url. */
  readonly publicKey: string;
  readonly devices: readonly Device[];
}

export function fetchPush(hub: Hub): Promise<Answer<PushState>> {
  return hub.call("GET", "api/push", (answer) => ({
    publicKey: answer.text("public_key"),
    devices: answer.parts("subscriptions", readDevice),
  }));
}

/** Tell this browser, or tell it by other rules. */
export function subscribe(hub: Hub, subscription: PushSubscription, rules: Rules, label: string): Promise<Answer<Device>> {
  const { endpoint, keys } = subscription.toJSON();
  return hub.call("POST", "api/push/subscriptions", readDevice, { endpoint, keys, rules, label });
}

export function forget(hub: Hub, pushId: string): Promise<Answer<null>> {
  return hub.call("DELETE", `api/push/subscriptions/${pushId}`, nothing);
}

/** Have one sent, to see whether it arrives. */
export function sendTest(hub: Hub, pushId: string): Promise<Answer<null>> {
  return hub.call("POST", `api/push/subscriptions/${pushId}/test`, nothing);
}

/** How the hub calls a browser: the beginning of the SHA-256 of its endpoint, which the hub itself never tells. */
export async function pushIdOf(endpoint: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint));
  return [...new Uint8Array(digest).subarray(0, 12)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function readDevice(device: ObjectReader): Device {
  return {
    pushId: device.text("push_id"),
    label: device.text("label", ""),
    createdAt: device.number("created_at"),
    rules: device.part("rules", (rules) => ({
      level: rules.text("level"),
      cameras: rules.texts("cameras"),
      quiet: rules.text("quiet", ""),
      timezone: rules.text("timezone", ""),
    })),
  };
}
