/** Has one notification sent, to see whether it arrives. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApp, useLanguage } from "../ui/context";
import { reasonWords } from "../ui/refusal";
import { useSending } from "../ui/sending";
import { sendTest } from "../wire/push";
import { useNotifyWords } from "./words/use_words";

export function TestButton({ pushId }: { readonly pushId: string }): JSX.Element {
  const words = useNotifyWords();
  const { words: common } = useLanguage();
  const { hub } = useApp().monitor;
  const [sent, setSent] = useState(false);
  const { sending, refusal, send } = useSending(() => sendTest(hub, pushId), () => setSent(true));
  return (
    <>
      <button type="button" class="tool outlined" aria-disabled={sending} onClick={send}>
        {words.test}
      </button>
      <output class="hint quiet">{refusal !== null ? reasonWords(refusal, common) : sent ? words.tested : ""}</output>
    </>
  );
}
