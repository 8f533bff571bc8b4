/** Has one notification sent, to see whether it arrives. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApp } from "../ui/context";
import { useSending } from "../ui/sending";
import { Why } from "../ui/why";
import { sendTest } from "../wire/push";
import { useNotifyWords } from "./words/use_words";

export function TryButton({ pushId }: { readonly pushId: string }): JSX.Element {
  const words = useNotifyWords();
  const { hub } = useApp().monitor;
  const [sent, setSent] = useState(false);
  const { sending, refusal, send } = useSending(() => sendTest(hub, pushId), () => setSent(true));
  return (
    <>
      <button type="button" class="tool outlined" aria-disabled={sending} onClick={send}>
        {words.test}
      </button>
      <output class="hint quiet">{refusal !== null ? <Why refusal={refusal} /> : sent ? words.tested : ""}</output>
    </>
  );
}
