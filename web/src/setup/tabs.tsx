/** Parts of the set-up side by side; the one that is shown is in sight, also where they do not all fit. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface TabsProps<N extends string> {
  readonly label: string;
  readonly names: readonly N[];
  readonly words: Readonly<{ [name in N]: string }>;
  /** None of `names` when none is shown. */
  readonly current: string;
  readonly hrefOf: (name: N) => string;
}

export function Tabs<N extends string>({ label, names, words, current, hrefOf }: TabsProps<N>): JSX.Element {
  const row = useRef<HTMLElement>(null);
  useEffect(() => row.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }), [current]);
  return (
    <nav ref={row} class="tabs" aria-label={label}>
      {names.map((name) => (
        <a key={name} class="view" href={hrefOf(name)} aria-current={name === current ? "page" : undefined}>
          {words[name]}
        </a>
      ))}
    </nav>
  );
}
