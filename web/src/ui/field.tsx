/** A named input of a form, with what is wrong with it right below. */

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  readonly name: string;
  /** Empty while nothing is wrong. */
  readonly problem?: string;
  readonly hint?: string;
  /** Draws the input itself with what ties it to its name and problem. */
  readonly children: (ties: Ties) => ComponentChildren;
}

export interface Ties {
  readonly id: string;
  readonly "aria-invalid": boolean;
  readonly "aria-describedby": string;
}

export function Field({ name, problem = "", hint = "", children }: FieldProps): JSX.Element {
  const id = useId();
  return (
    <div class={problem === "" ? "field" : "field wrong"}>
      <label for={id}>{name}</label>
      {children({ id, "aria-invalid": problem !== "", "aria-describedby": `${id}-more` })}
      <span id={`${id}-more`} class="field-more">
        {problem !== "" ? <strong class="problem">{problem}</strong> : hint}
      </span>
    </div>
  );
}

interface TextFieldProps extends Omit<FieldProps, "children"> {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly kind?: "text" | "password" | "url";
  readonly autocomplete?: AutoFill;
  readonly maxLength?: number;
  readonly required?: boolean;
  readonly autoFocus?: boolean;
}

type AutoFill = "off" | "username" | "current-password" | "new-password" | "name";

export function TextField({ value, onInput, kind = "text", autocomplete = "off", ...rest }: TextFieldProps): JSX.Element {
  const { name, problem = "", hint = "", ...input } = rest;
  return (
    <Field name={name} problem={problem} hint={hint}>
      {(ties) => (
        <input
          {...ties}
          {...input}
          type={kind as "text"}
          autocomplete={autocomplete}
          dir={kind === "text" ? "auto" : "ltr"}
          autocapitalize="none"
          spellcheck={false}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}
