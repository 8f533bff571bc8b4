/** One request of a form: whether it is under way, and why the last one was refused. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Answer, Refusal } from "../wire/hub";

/** Characters; the hub's own limit. */
export const TOO_SHORT = 10;

export interface Sending {
  readonly sending: boolean;
  readonly refusal: Refusal | null;
  readonly send: () => void;
  readonly forget: () => void;
}

/** `done` is called with what came back, unless the form is gone by then. */
export function useSending<T>(request: () => Promise<Answer<T>>, done?: (value: T) => void): Sending {
  const [sending, setSending] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const shown = useRef(true);
  useEffect(() => () => void (shown.current = false), []);
  const send = (): void => {
    if (sending) return;
    setSending(true);
    setRefusal(null);
    void request().then((answer) => {
      if (!shown.current) return;
      setSending(false);
      if (answer.ok) done?.(answer.value);
      else setRefusal(answer.refusal);
    });
  };
  return { sending, refusal, send, forget: () => setRefusal(null) };
}
