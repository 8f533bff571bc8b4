/** One file of an incident, fetched when it is wanted, and asked for again while it may still come. */

import { useEffect, useState } from "preact/hooks";
import { pageClock } from "../state/clock";
import type { Incident } from "../state/incidents";
import type { Hub } from "../wire/hub";
import { fetchMedia, mediaAddress, type MediaFile } from "../wire/media";
import { useApp } from "./context";
import type { Reason } from "./refusal";

export type Media =
  | { readonly kind: "unwanted" }
  /** `words` of the hub on how far it is; empty at first. */
  | { readonly kind: "waiting"; readonly words: string }
  | { readonly kind: "here"; readonly data: ArrayBuffer }
  | { readonly kind: "missing"; readonly reason: Reason };

const AGAIN_MS = 5_000;
const ATTEMPTS = 60;
/** A clip is complete some seconds after its incident began: until then "there is none" may change. */
const YOUNG_S = 60;

/** `attempt` is any number: another one tries again after all was in vain. */
export function useMedia({ source, incidentId, openedAt }: Incident, file: MediaFile, wanted: boolean, attempt = 0): Media {
  const { monitor } = useApp();
  const [media, setMedia] = useState<Media>({ kind: "unwanted" });
  useEffect(() => {
    if (!wanted) return undefined;
    const end = new AbortController();
    setMedia({ kind: "waiting", words: "" });
    const address = mediaAddress(monitor.hub, source, incidentId, file);
    void fetchPatiently(monitor.hub, address, openedAt, end.signal, setMedia).catch((error: unknown) => {
      if (!end.signal.aborted) throw error;
    });
    return () => end.abort();
  }, [monitor, source, incidentId, file, wanted, attempt]);
  return media;
}

/** Rejects only when `signal` says so. */
async function fetchPatiently(
  hub: Hub,
  address: URL,
  openedAt: number,
  signal: AbortSignal,
  tell: (media: Media) => void,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const fetched = await fetchMedia(hub, address, signal);
    if (fetched.ok) return tell({ kind: "here", data: fetched.data });
    const { code, words, again } = fetched;
    const young = Math.abs(pageClock.now() - openedAt) < YOUNG_S;
    if (attempt >= ATTEMPTS || !(again || young)) return tell({ kind: "missing", reason: { code, detail: words } });
    tell({ kind: "waiting", words });
    await pause(AGAIN_MS, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Error("aborted"));
    });
  });
}
