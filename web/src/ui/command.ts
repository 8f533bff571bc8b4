/** One kind of request to a camera, and what became of the last one. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Source } from "../wire/messages";
import { useApp } from "./context";
import type { Reason } from "./refusal";

export type Outcome =
  | { readonly kind: "none" }
  | { readonly kind: "waiting" }
  /** `words` as the edge said them, in English. */
  | { readonly kind: "done"; readonly words: string }
  | { readonly kind: "failed"; readonly reason: Reason };

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
    void monitor.command(source, name, value === undefined ? {} : { value }).then(({ ok, words, why }) => {
      if (shown.current) setOutcome(ok ? { kind: "done", words } : { kind: "failed", reason: { code: why, detail: words } });
    });
  };
  return { outcome, send };
}
