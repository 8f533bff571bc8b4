/** A list from the hub: loaded when shown, again when something was done to it. */

import { useEffect, useState } from "preact/hooks";
import { useSession } from "../ui/context";
import { useSending } from "../ui/sending";
import type { Answer, Refusal } from "../wire/hub";

export interface Listing<T> {
  /** Null until it came. */
  readonly items: readonly T[] | null;
  readonly refusal: Refusal | null;
  readonly reload: () => void;
}

/** `everyMs`: again and again while the page is looked at; 0: only when told to. */
export function useListing<T>(load: () => Promise<Answer<readonly T[]>>, everyMs = 0): Listing<T> {
  const [items, setItems] = useState<readonly T[] | null>(null);
  const loading = useSending(load, setItems);
  const isIn = useSession().kind === "in";
  useEffect(() => {
    if (isIn && loading.refusal !== null) loading.send();
  }, [isIn]);
  useEffect(() => {
    loading.send();
    if (everyMs === 0) return undefined;
    const timer = setInterval(() => void (document.hidden || loading.send()), everyMs);
    return () => clearInterval(timer);
  }, []);
  return { items, refusal: loading.refusal, reload: loading.send };
}
