/** The events that a view lists: what the page heard, and as much of the hub's history as it reaches back. */

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Archive } from "../archive";
import { pageClock } from "../state/clock";
import { mergeAll, type Incident } from "../state/incidents";
import { useStore } from "../state/store";
import { useApp, useWorld } from "./context";

const ROWS = 100;

export interface Listed {
  readonly incidents: readonly Incident[];
  readonly archive: Archive;
  /** So many are listed. */
  readonly more: number;
  /** List more of the `known`, or look further back. */
  readonly older: (known: number) => void;
}

/** Everything of the last `rangeS` seconds, and whatever else is known. */
export function useArchive(rangeS: number): Listed {
  const { monitor } = useApp();
  const archive = useStore(monitor.archive.archive, (value) => value);
  const live = useWorld((world) => world.incidents);
  const open = useWorld((world) => world.link.kind === "open" || world.link.kind === "polling");
  const [more, setMore] = useState(ROWS);
  useEffect(() => {
    if (open) void monitor.archive.renew();
  }, [monitor, open]);
  useEffect(() => void monitor.archive.reach(pageClock.now() - rangeS), [monitor, rangeS]);
  const incidents = useMemo(() => mergeAll(archive.events, live), [archive.events, live]);
  const older = (known: number): void => {
    setMore(more + ROWS);
    if (known <= more + ROWS) void monitor.archive.older();
  };
  return { incidents, archive, more, older };
}
