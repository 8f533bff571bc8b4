/** A panel that opens over the page goes away by Escape and by a click beside it. */

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function useDismiss(): RefObject<HTMLDetailsElement | null> {
  const panel = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (): void => {
      if (panel.current !== null) panel.current.open = false;
    };
    const onPointer = (event: Event): void => {
      if (!event.composedPath().includes(panel.current as EventTarget)) close();
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || panel.current?.open !== true) return;
      close();
      panel.current.querySelector("summary")?.focus();
    };
    document.addEventListener("pointerdown", onPointer);
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("pointerdown", onPointer);
      document.removeEventListener("keydown", onKey);
    };
  }, []);
  return panel;
}
