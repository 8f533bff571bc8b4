/** One of a few, side by side. */

import type { JSX } from "preact";

interface SegmentsProps<N extends string> {
  readonly names: readonly N[];
  readonly words: Readonly<{ [name in N]: string }>;
  readonly value: N;
  readonly onChange: (name: N) => void;
  readonly label: string;
}

export function Segments<N extends string>({ names, words, value, onChange, label }: SegmentsProps<N>): JSX.Element {
  return (
    <span class="segments" role="group" aria-label={label}>
      {names.map((name) => (
        <button key={name} type="button" class="segment" aria-pressed={value === name} onClick={() => onChange(name)}>
          {words[name]}
        </button>
      ))}
    </span>
  );
}
