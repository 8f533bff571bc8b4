/** The inputs of the set-up that the rest of the page does not need. */

import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { useLanguage } from "../ui/context";
import { Field } from "../ui/field";

interface NumberFieldProps {
  readonly name: string;
  readonly value: number | null;
  readonly onChange: (value: number | null) => void;
  readonly least?: number;
  readonly most?: number;
  readonly step?: number | "any";
  readonly problem?: string;
  readonly hint?: string;
  readonly placeholder?: string;
}

/** Empty means null. */
export function NumberField({ name, value, onChange, least = 0, most, step = "any", problem = "", hint = "", placeholder }: NumberFieldProps): JSX.Element {
  return (
    <Field name={name} problem={problem} hint={hint}>
      {(ties) => (
        <input
          {...ties}
          type="number"
          min={least}
          max={most}
          step={step}
          placeholder={placeholder}
          value={value ?? ""}
          onInput={(event) => onChange(Number.isNaN(event.currentTarget.valueAsNumber) ? null : event.currentTarget.valueAsNumber)}
        />
      )}
    </Field>
  );
}

interface SelectFieldProps {
  readonly name: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly (readonly [string, string])[];
  readonly hint?: string;
  readonly problem?: string;
}

export function SelectField({ name, value, onChange, options, hint = "", problem = "" }: SelectFieldProps): JSX.Element {
  return (
    <Field name={name} hint={hint} problem={problem}>
      {(ties) => (
        <select {...ties} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {options.map(([key, words]) => (
            <option key={key} value={key}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface CheckProps {
  readonly name: string;
  readonly hint?: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function Check({ name, hint = "", checked, onChange }: CheckProps): JSX.Element {
  const id = useId();
  return (
    <div class="check">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        aria-describedby={`${id}-more`}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label for={id}>{name}</label>
      <small id={`${id}-more`}>{hint}</small>
    </div>
  );
}

interface ScaleProps {
  readonly name: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
  readonly most: number;
  readonly least?: number;
  readonly step: number;
  readonly words: string;
  /** What it was, marked on the scale; null for nothing. */
  readonly usual?: number | null;
}

/** A slider with its value in words beside it. */
export function Scale({ name, value, onChange, least = 0, most, step, words, usual = null }: ScaleProps): JSX.Element {
  const id = useId();
  const differs = usual !== null && Math.abs(usual - value) > step / 2;
  return (
    <div class={differs ? "scale differs" : "scale"}>
      <label for={id}>{name}</label>
      <input
        id={id}
        type="range"
        min={least}
        max={most}
        step={step}
        value={value}
        aria-valuetext={words}
        onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
      />
      <span class="scale-value">
        <bdi>{words}</bdi>
      </span>
    </div>
  );
}

/** A number as points of 100: how the page speaks of scores and weights. */
export function usePoints(): (fraction: number) => string {
  const { number } = useLanguage();
  return (fraction) => number(Math.round(fraction * 100));
}
