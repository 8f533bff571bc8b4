/** How many words of a row of signs there is room for: measured, because it depends on the language, the letters and the zoom. */

import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** From the widest on: words, words closer together, words only where they matter most, signs alone. */
const FITS = ["words", "close", "signs", "bare"] as const;

/** Sets `data-fit` on the row to the widest that does not overflow; measures again when its size or `content` changes. */
export function useFit<E extends HTMLElement>(content: string): RefObject<E | null> {
  const row = useRef<E>(null);
  useLayoutEffect(() => {
    const { current } = row;
    if (current === null) return undefined;
    const watcher = new ResizeObserver(() => fit(current));
    watcher.observe(current);
    fit(current);
    return () => watcher.disconnect();
  }, [content]);
  return row;
}

function fit(row: HTMLElement): void {
  for (const width of FITS) {
    row.dataset["fit"] = width;
    if (row.scrollWidth <= row.clientWidth) return;
  }
}
