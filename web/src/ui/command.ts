/** One kind of request to a camera, and what became of the last one. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Source } from "../wire/messages";
import { useApp } from "./context";

export type Outcome =
  | { readonly kind: "none" }
  | { readonly kind: "waiting" }
  /** `words` as the edge said them, in English. */
  | { readonly kind: "done"; readonly words: string }
  /** `words` as the edge said them, or a reason of our own. */
  | { readonly kind: "failed"; readonly words: string };

export interface CommandState {
  readonly outcome: Outcome;
  readonly send: (value?: string) => void;
}

export function useCommand(source: Source, name: string): CommandState {
  const { monitor } = useApp();
  const [outcome, setOutcome] = useState<Outcome>({ kind: "none" });
  const shown = useRef(true);
  useEffect(() => () => void (shown.current = false), []);
  const send = (value?: string): void => {
    setOutcome({ kind: "waiting" });
    void monitor.command(source, name, value === undefined ? {} : { value }).then(({ ok, words }) => {
      if (shown.current) setOutcome({ kind: ok ? "done" : "failed", words });
    });
  };
  return { outcome, send };
}
