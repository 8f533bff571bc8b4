/** Offers a newer page when one waits; never reloads by itself under someone who watches. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { registerShell } from "../shell/registration";
import { useLanguage } from "./context";

export function UpdateNotice(): JSX.Element | null {
  const { words } = useLanguage();
  const [reload, setReload] = useState<(() => void) | null>(null);
  useEffect(() => void registerShell((ready) => setReload(() => ready)), []);
  if (reload === null) return null;
  return (
    <p class="banner" role="status">
      {words.update.ready}
      <button type="button" class="tool" onClick={reload}>
        <span class="always">{words.update.reload}</span>
      </button>
    </p>
  );
}
