/** A button that asks once more, in its own place, before it does what cannot be taken back easily. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useSetUpWords } from "./words/words";

interface ConfirmProps {
  readonly words: string;
  /** What is asked instead of `words`, with a yes and a no behind. */
  readonly ask: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly onConfirm: () => void;
}

export function Confirm({ words, ask, danger = false, disabled = false, onConfirm }: ConfirmProps): JSX.Element {
  const common = useSetUpWords();
  const [asking, setAsking] = useState(false);
  const tint = danger ? " danger" : "";
  if (!asking) {
    return (
      <button type="button" class={`tool outlined${tint}`} disabled={disabled} onClick={() => setAsking(true)}>
        {words}
      </button>
    );
  }
  const settle = (confirmed: boolean): void => {
    setAsking(false);
    if (confirmed) onConfirm();
  };
  return (
    <span class="confirm" role="group" aria-label={ask} onKeyDown={(event) => event.key === "Escape" && settle(false)}>
      <span>{ask}</span>
      <button type="button" class={`tool outlined${tint}`} onClick={() => settle(true)}>
        {common.yes}
      </button>
      <button type="button" class="tool outlined" autoFocus onClick={() => settle(false)}>
        {common.no}
      </button>
    </span>
  );
}
