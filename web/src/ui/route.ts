/** Which view is shown, as the part of the address after `#`: every view can be linked to. */

import { useEffect, useState } from "preact/hooks";
import type { Source } from "../wire/messages";

export type Route =
  | { readonly view: "live"; readonly source: Source | null }
  | { readonly view: "grid" }
  | { readonly view: "events" }
  | { readonly view: "charts" }
  | { readonly view: "event"; readonly source: Source; readonly incidentId: string };

export function parseRoute(hash: string): Route {
  const [view, edge, camera, incidentId] = hash.replace(/^#\/?/, "").split("/").map(decode);
  if (view === "cameras") return { view: "grid" };
  if (view === "charts") return { view: "charts" };
  if (view === "events" && edge && camera && incidentId) {
    return { view: "event", source: `${edge}/${camera}`, incidentId };
  }
  if (view === "events") return { view: "events" };
  return { view: "live", source: view === "camera" && edge && camera ? `${edge}/${camera}` : null };
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
    case "event":
      return `#/events/${encodeSource(route.source)}/${encodeURIComponent(route.incidentId)}`;
  }
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const follow = (): void => setRoute(parseRoute(location.hash));
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
