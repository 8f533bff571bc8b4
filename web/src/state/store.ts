/** One value, changed by pure steps, watched by the page at a pace that people can read. */

import { useEffect, useRef, useState } from "preact/hooks";

const NOTIFY_EVERY_MS = 120;

export class Store<T> {
  private readonly watchers = new Set<() => void>();
  private pending: ReturnType<typeof setTimeout> | null = null;

  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }

  /** Replace the value; watchers hear of the newest within NOTIFY_EVERY_MS, of those between not at all. */
  change(step: (value: T) => T): void {
    const next = step(this.current);
    if (Object.is(next, this.current)) return;
    this.current = next;
    this.pending ??= setTimeout(() => this.notify(), NOTIFY_EVERY_MS);
  }

  /** Replace the value and tell the watchers at once: for what a person did. */
  set(value: T): void {
    this.current = value;
    this.notify();
  }

  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  private notify(): void {
    if (this.pending !== null) clearTimeout(this.pending);
    this.pending = null;
    for (const watcher of this.watchers) watcher();
  }
}

/** The part of the store that a component shows; it is drawn again when that part changed. */
export function useStore<T, P>(store: Store<T>, pick: (value: T) => P): P {
  const [, redraw] = useState<unknown>(null);
  const picked = pick(store.value);
  const latest = useRef({ pick, picked });
  latest.current = { pick, picked };
  useEffect(() => {
    const check = (): void => {
      if (!Object.is(latest.current.pick(store.value), latest.current.picked)) redraw({});
    };
    check();
    return store.watch(check);
  }, [store]);
  return picked;
}
