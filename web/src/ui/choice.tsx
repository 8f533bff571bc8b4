/** One of several, or any. */

import type { JSX } from "preact";
import { useLanguage } from "./context";

interface ChoiceProps {
  readonly name: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Value and words of each option. */
  readonly children: readonly (readonly [string, string])[];
}

export function Choice({ name, value, onChange, children }: ChoiceProps): JSX.Element {
  const { words } = useLanguage();
  return (
    <label class="choice">
      <span>{name}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">{words.events.any}</option>
        {children.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
