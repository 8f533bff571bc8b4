/** The name and the rules of one zone, mask or line. */

import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { translate } from "../i18n/language";
import { useLanguage } from "../ui/context";
import { TextField } from "../ui/field";
import { ToolIcon } from "../ui/icons";
import type { Line, Zone } from "../wire/policy";
import { renamed } from "./draft";
import { Check, NumberField, Scale, SelectField } from "./inputs";
import { useProblemAt } from "./problems";
import type { Workbench } from "./use_draft";
import { useSetUpWords } from "./words/words";

/** What a zone or a line can be limited to; more come as they are in the policy. */
const LABELS = ["person", "car", "truck", "bus", "motorcycle", "bicycle", "dog", "cat"];
const LONGEST_NAME = 60;
const LOUDEST = 3;

interface PlaceFormProps {
  readonly bench: Workbench;
  readonly onRename: (to: string) => void;
  readonly onRemove: () => void;
}

export function ZoneForm({ bench, zone, onRename, onRemove }: PlaceFormProps & { readonly zone: Zone }): JSX.Element {
  const words = useSetUpWords();
  const { name } = zone;
  const set = (change: Partial<Zone>): void =>
    bench.change({ zones: bench.policy.zones.map((each) => (each.name === name ? { ...each, ...change } : each)) }, `${Object.keys(change)} of ${name}`);
  const problemAt = useProblemAt(bench.problems);
  const wrong = (field: string): string => problemAt(`zones.${name}.${field}`);
  return (
    <PlaceForm bench={bench} name={name} problem={wrong("polygon")} onRename={onRename} onRemove={onRemove}>
      <SelectField
        name={words.zones.what}
        value={zone.kind}
        onChange={(kind) => set({ kind: kind === "mask" ? "mask" : "zone" })}
        options={[["zone", words.zones.kind.zone], ["mask", words.zones.kind.mask]]}
      />
      {zone.kind === "zone" && (
        <>
          <Labels labels={zone.labels} onChange={(labels) => set({ labels })} />
          <Check name={words.zones.restricted} hint={words.zones.restrictedHint} checked={zone.restricted} onChange={(restricted) => set({ restricted })} />
          <Check name={words.zones.noStopping} checked={zone.noStopping} onChange={(noStopping) => set({ noStopping })} />
          <div class="pair">
            <NumberField
              name={words.zones.loiterAfter}
              value={zone.loiterAfterS}
              onChange={(loiterAfterS) => set({ loiterAfterS })}
              placeholder={String(bench.policy.rules["loiter_after_s"] ?? bench.saved.usual.rules["loiter_after_s"] ?? "")}
              problem={wrong("loiter_after_s")}
            />
            <NumberField name={words.zones.crowdAt} value={zone.crowdAt} least={1} step={1} onChange={(crowdAt) => set({ crowdAt })} problem={wrong("crowd_at")} />
          </div>
          <Direction zone={zone} onChange={(directionDeg) => set({ directionDeg })} />
          <PlaceFactor bench={bench} name={name} />
        </>
      )}
    </PlaceForm>
  );
}

export function LineForm({ bench, line, onRename, onRemove }: PlaceFormProps & { readonly line: Line }): JSX.Element {
  const words = useSetUpWords();
  const { name } = line;
  const set = (change: Partial<Line>): void =>
    bench.change({ lines: bench.policy.lines.map((each) => (each.name === name ? { ...each, ...change } : each)) });
  const { both, in: inwards, out } = words.zones.allowed;
  return (
    <PlaceForm bench={bench} name={name} problem={useProblemAt(bench.problems)(`lines.${name}`)} onRename={onRename} onRemove={onRemove}>
      <SelectField
        name={words.zones.crossing}
        value={line.allowed}
        hint={words.zones.crossingHint}
        onChange={(allowed) => set({ allowed: allowed === "in" || allowed === "out" ? allowed : "both" })}
        options={[["both", both], ["in", inwards], ["out", out]]}
      />
      <button type="button" class="tool outlined" onClick={() => set({ start: line.end, end: line.start })}>
        <ToolIcon tool="turn" />
        {words.zones.turn}
      </button>
      <Labels labels={line.labels} onChange={(labels) => set({ labels })} />
      <PlaceFactor bench={bench} name={name} />
    </PlaceForm>
  );
}

interface PlaceFrameProps extends PlaceFormProps {
  readonly name: string;
  readonly problem: string;
  readonly children: ComponentChildren;
}

function PlaceForm({ bench, name, problem, onRename, onRemove, children }: PlaceFrameProps): JSX.Element {
  const words = useSetUpWords();
  return (
    <section class="card form place-form" aria-label={name}>
      <PlaceName key={name} bench={bench} name={name} onRename={onRename} />
      {problem !== "" && <p class="problem">{problem}</p>}
      {children}
      <button type="button" class="tool outlined danger" onClick={onRemove}>
        <ToolIcon tool="remove" />
        {words.zones.remove}
      </button>
    </section>
  );
}

/** The name is what others refer to: it changes when the field is left, if it can be. */
function PlaceName({ bench, name, onRename }: { readonly bench: Workbench; readonly name: string; readonly onRename: (to: string) => void }): JSX.Element {
  const words = useSetUpWords();
  const [text, setText] = useState(name);
  const wanted = text.trim();
  const taken = wanted !== name && [...bench.policy.zones, ...bench.policy.lines].some((other) => other.name === wanted);
  const problem = wanted === "" ? words.zones.nameless : taken ? words.problem.taken : "";
  const settle = (): void => {
    if (problem !== "" || wanted === name) return;
    bench.change(renamed(bench.policy, name, wanted));
    onRename(wanted);
  };
  return (
    <div onFocusOut={settle} onKeyDown={(event) => event.key === "Enter" && settle()}>
      <TextField name={words.zones.name} value={text} onInput={setText} problem={problem} maxLength={LONGEST_NAME} />
    </div>
  );
}

function Labels({ labels, onChange }: { readonly labels: readonly string[]; readonly onChange: (labels: readonly string[]) => void }): JSX.Element {
  const words = useSetUpWords();
  const language = useLanguage();
  const known = [...LABELS, ...labels.filter((label) => !LABELS.includes(label))];
  const toggle = (label: string): void =>
    onChange(labels.includes(label) ? labels.filter((other) => other !== label) : [...labels, label]);
  return (
    <fieldset class="labels">
      <legend>{words.zones.forWhom}</legend>
      <div class="bar-row">
        {known.map((label) => (
          <button key={label} type="button" class="tool pill" aria-pressed={labels.includes(label)} onClick={() => toggle(label)}>
            {translate(language.words.label, label)}
          </button>
        ))}
      </div>
      <small>{labels.length === 0 ? words.zones.forAll : ""}</small>
    </fieldset>
  );
}

function Direction({ zone, onChange }: { readonly zone: Zone; readonly onChange: (deg: number | null) => void }): JSX.Element {
  const words = useSetUpWords();
  const { number } = useLanguage();
  const deg = zone.directionDeg;
  return (
    <>
      <Check name={words.zones.oneWay} hint={words.zones.oneWayHint} checked={deg !== null} onChange={(on) => onChange(on ? 0 : null)} />
      {deg !== null && (
        <Scale name={words.zones.direction} value={deg} most={360} step={5} words={`${number(deg)}°`} onChange={onChange} />
      )}
    </>
  );
}

/** How much a place counts: quiet places are those below one. */
export function PlaceFactor({ bench, name, title }: { readonly bench: Workbench; readonly name: string; readonly title?: string }): JSX.Element {
  const words = useSetUpWords();
  const { number } = useLanguage();
  const factor = bench.policy.places[name] ?? 1;
  const said = factor === 0 ? words.zones.silent : factor === 1 ? words.zones.usual : `× ${number(factor, 1)}`;
  const set = (value: number): void => {
    const { [name]: _, ...others } = bench.policy.places;
    bench.change({ places: value === 1 ? others : { ...others, [name]: value } }, `factor of ${name}`);
  };
  return <Scale name={title ?? words.zones.factor} value={factor} most={LOUDEST} step={0.1} words={said} onChange={set} usual={1} />;
}
