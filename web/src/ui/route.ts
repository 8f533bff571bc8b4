/** Which view is shown, as the part of the address after `#`: every view can be linked to. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Store } from "../state/store";
import type { Source } from "../wire/messages";

export type Route =
  | { readonly view: "live"; readonly source: Source | null }
  | { readonly view: "grid" }
  | { readonly view: "events" }
  | { readonly view: "charts" }
  | { readonly view: "notifications" }
  | { readonly view: "event"; readonly source: Source; readonly incidentId: string }
  /** The recorded minute around `at` (edge clock), weighed otherwise. */
  | { readonly view: "what-if"; readonly source: Source; readonly at: number }
  | { readonly view: "setup"; readonly place: SetUpPlace };

export const CAMERA_TABS = ["zones", "distance", "thermal", "risk", "versions"] as const;
export type CameraTab = (typeof CAMERA_TABS)[number];

/** Where in the set-up; `first` is the link that a new hub prints. */
export type SetUpPlace =
  | { readonly section: "cameras" | "people" | "audit" }
  | { readonly section: "devices"; readonly code: string }
  | { readonly section: "camera"; readonly source: Source; readonly tab: CameraTab }
  | { readonly section: "first"; readonly code: string };

/** What would be lost if the page went on to an address that does not begin with `within`; `wanted` is the one that was. */
export interface Unsaved {
  readonly within: string;
  readonly wanted: string | null;
}

export function parseRoute(hash: string): Route {
  const parts = hash.replace(/^#\/?|\?.*$/gu, "").split("/").map(decode);
  const [view, edge, camera, incidentId] = parts;
  if (view === "setup") return { view, place: parsePlace(parts.slice(1)) };
  if (view === "what-if" && edge && camera) return { view, source: `${edge}/${camera}`, at: Number(incidentId) || 0 };
  if (view === "cameras") return { view: "grid" };
  if (view === "charts") return { view: "charts" };
  if (view === "notifications") return { view: "notifications" };
  if (view === "events" && edge && camera && incidentId) {
    return { view: "event", source: `${edge}/${camera}`, incidentId };
  }
  if (view === "events") return { view: "events" };
  return { view: "live", source: view === "camera" && edge && camera ? `${edge}/${camera}` : null };
}

function parsePlace([section = "", one, two, tab]: readonly string[]): SetUpPlace {
  if (section === "people" || section === "audit") return { section };
  if (section === "devices" || section === "pair") return { section: "devices", code: one ?? "" };
  if (section === "camera" && one && two) {
    return { section, source: `${one}/${two}`, tab: CAMERA_TABS.find((known) => known === tab) ?? "zones" };
  }
  return section === "" || section === "cameras" || section === "camera" ? { section: "cameras" } : { section: "first", code: section };
}

export function hrefOf(route: Route): string {
  switch (route.view) {
    case "live":
      return route.source === null ? "#/" : `#/camera/${encodeSource(route.source)}`;
    case "grid":
      return "#/cameras";
    case "events":
      return "#/events";
    case "charts":
      return "#/charts";
    case "notifications":
      return "#/notifications";
    case "event":
      return `#/events/${encodeSource(route.source)}/${encodeURIComponent(route.incidentId)}`;
    case "what-if":
      return `#/what-if/${encodeSource(route.source)}/${route.at}`;
    case "setup":
      return hrefOfPlace(route.place);
  }
}

export function hrefOfPlace(place: SetUpPlace): string {
  switch (place.section) {
    case "cameras":
      return "#/setup";
    case "camera":
      return `${hrefOfCamera(place.source)}${place.tab}`;
    case "devices":
      return place.code === "" ? "#/setup/devices" : `#/setup/pair/${encodeURIComponent(place.code)}`;
    case "first":
      return `#/setup/${encodeURIComponent(place.code)}`;
    default:
      return `#/setup/${place.section}`;
  }
}

/** The middle of the minute that ended with `newest`. */
export function lastMinute(newest: number): number {
  return Math.round(newest - 30);
}

/** What every address of a camera's set-up begins with. */
export function hrefOfCamera(source: Source): string {
  return `#/setup/camera/${encodeSource(source)}/`;
}

/** The shown view. An address that leaves unsaved work behind is not followed, but noted as wanted. */
export function useRoute(unsaved: Store<Unsaved | null>): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  const shown = useRef(location.hash);
  useEffect(() => {
    const follow = (): void => {
      const kept = unsaved.value;
      if (kept !== null && !location.hash.startsWith(kept.within)) {
        const wanted = location.hash;
        history.replaceState(null, "", shown.current);
        unsaved.set({ ...kept, wanted });
        return;
      }
      shown.current = location.hash;
      setRoute(parseRoute(location.hash));
    };
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  return route;
}

function encodeSource(source: Source): string {
  return source.split("/").map(encodeURIComponent).join("/");
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
