/** Night, and the hours when people are expected, as times of day at the site. */

import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { Field } from "../ui/field";
import { ToolIcon } from "../ui/icons";
import type { Hours } from "../wire/policy";
import { useProblemAt } from "./problems";
import type { Workbench } from "./use_draft";
import { useSetUpWords } from "./words/words";

const LOCAL = "local";
const FIRST_KNOWN = "07:30-08:15";

export function HoursCard({ bench }: { readonly bench: Workbench }): JSX.Element {
  const words = useSetUpWords();
  const { hours } = bench.policy;
  const set = (change: Partial<Hours>, stroke = ""): void => bench.change({ hours: { ...hours, ...change } }, stroke);
  const replace = (index: number, span: string): void => set({ known: hours.known.map((old, other) => (other === index ? span : old)) }, `known ${index}`);
  const problemAt = useProblemAt(bench.problems);
  const problem = `${problemAt("hours.night")} ${problemAt("hours.known")}`.trim();
  return (
    <section class="card form" aria-labelledby="hours-title">
      <h2 id="hours-title">{words.hours.title}</h2>
      <SpanInput name={words.hours.night} span={hours.night} onChange={(night) => set({ night }, "night")} />
      {hours.known.map((span, index) => (
        <div key={index} class="known">
          <SpanInput name={words.hours.known(index + 1)} span={span} onChange={(next) => replace(index, next)} />
          <button
            type="button"
            class="tool"
            aria-label={words.hours.removeKnown(index + 1)}
            onClick={() => set({ known: hours.known.filter((_, other) => other !== index) })}
          >
            <ToolIcon tool="remove" />
          </button>
        </div>
      ))}
      <button type="button" class="tool outlined" onClick={() => set({ known: [...hours.known, FIRST_KNOWN] })}>
        <ToolIcon tool="add" />
        {words.hours.addKnown}
      </button>
      <Zone timezone={hours.timezone} problem={problemAt("hours.timezone")} onChange={(timezone) => set({ timezone }, "timezone")} />
      {problem !== "" && <p class="problem">{problem}</p>}
    </section>
  );
}

/** "22:00-06:00" as two times; 24:00 is the midnight that ends a day. */
export function SpanInput({ name, span, onChange }: { readonly name: string; readonly span: string; readonly onChange: (span: string) => void }): JSX.Element {
  const words = useSetUpWords();
  const [start = "", end = ""] = span.replace("24:00", "00:00").split("-");
  const set = (from: string, to: string): void => {
    if (from !== "" && to !== "") onChange(`${from}-${to}`);
  };
  return (
    <fieldset class="span">
      <legend>{name}</legend>
      <input type="time" aria-label={words.hours.from} value={start} onInput={(event) => set(event.currentTarget.value, end)} />
      <span aria-hidden="true">–</span>
      <input type="time" aria-label={words.hours.to} value={end} onInput={(event) => set(start, event.currentTarget.value)} />
    </fieldset>
  );
}

interface ZoneProps {
  readonly timezone: string;
  readonly problem: string;
  readonly onChange: (timezone: string) => void;
}

function Zone({ timezone, problem, onChange }: ZoneProps): JSX.Element {
  const words = useSetUpWords();
  const list = useId();
  const [typed, setTyped] = useState<string | null>(null); // in part: it holds once the reader is done with it
  return (
    <Field name={words.hours.timezone} hint={words.hours.timezoneHint} problem={problem}>
      {(ties) => (
        <>
          <input
            {...ties}
            type="text"
            dir="ltr"
            list={list}
            value={typed ?? timezone}
            onInput={(event) => setTyped(event.currentTarget.value)}
            onChange={(event) => onChange(event.currentTarget.value.trim() || LOCAL)}
            onBlur={() => setTyped(null)}
          />
          <datalist id={list}>
            {[LOCAL, ...Intl.supportedValuesOf("timeZone")].map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
