/** A question that is asked anew a moment after what it is about changed; only the newest answer counts. */

import { useEffect, useState } from "preact/hooks";
import type { Answer, Refusal } from "../wire/hub";

export interface Latest<T> {
  /** The last answer stays while the next is asked for; null before the first. */
  readonly value: T | null;
  readonly refusal: Refusal | null;
}

export function useLatest<T>(ask: () => Promise<Answer<T>>, about: readonly unknown[], afterMs: number): Latest<T> {
  const [latest, setLatest] = useState<Latest<T>>({ value: null, refusal: null });
  useEffect(() => {
    let gone = false;
    const take = (answer: Answer<T>): void => {
      if (gone) return;
      setLatest(({ value }) => (answer.ok ? { value: answer.value, refusal: null } : { value, refusal: answer.refusal }));
    };
    const timer = setTimeout(() => void ask().then(take), afterMs);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, about);
  return latest;
}
