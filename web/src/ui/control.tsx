/** The panel that tells a camera what to do; every request says what became of it. */

import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { translate } from "../i18n/language";
import {
  CAMERA_CONTROLS,
  EDGE_CONTROLS,
  FRAME_SIZES,
  offered,
  type ChoiceControl,
  type Control,
  type NumberControl,
  type PlainControl,
} from "../state/controls";
import type { CameraView } from "../state/world";
import { useCommand, type Outcome } from "./command";
import { useLanguage, useMay, useWorld } from "./context";
import { ToolIcon } from "./icons";
import { Detail, ReasonText } from "./why";

/** Only for cameras whose edge tells results; a founding client never does. */
export function ControlPanel({ camera }: { readonly camera: CameraView }): JSX.Element | null {
  const { words } = useLanguage();
  const protocol = useWorld((world) => world.protocols.get(camera.edgeId));
  const commands = useWorld((world) => world.commands);
  const reachable = useWorld((world) => world.link.kind === "open") && camera.edgeOnline;
  const mayControl = useMay("operator");
  if (protocol !== "v2" || commands.length === 0) return null;
  if (!mayControl) return <p class="card quiet">{words.session.onlyWatching}</p>;
  const ofCamera = offered(CAMERA_CONTROLS, commands, camera.controls);
  return (
    <details class="card control">
      <summary>
        <ToolIcon tool="settings" />
        {words.control.title}
        {camera.armed === false && <span class="chip">{words.control.disarmed}</span>}
      </summary>
      {!reachable && <p class="quiet">{words.control.away}</p>}
      <fieldset disabled={!reachable}>
        <legend>{words.control.edge}</legend>
        <Rows controls={offered(EDGE_CONTROLS, commands, camera.controls)} camera={camera} />
      </fieldset>
      {ofCamera.length > 0 && (
        <fieldset disabled={!reachable}>
          <legend>{words.control.camera}</legend>
          <p class="quiet">{words.control.cameraHint}</p>
          <Rows controls={ofCamera} camera={camera} />
        </fieldset>
      )}
    </details>
  );
}

function Rows({ controls, camera }: { readonly controls: readonly Control[]; readonly camera: CameraView }): JSX.Element {
  return (
    <div class="control-rows">
      {controls.map((control) => (
        <Row key={control.name} control={control} camera={camera} />
      ))}
    </div>
  );
}

function Row({ control, camera }: { readonly control: Control; readonly camera: CameraView }): JSX.Element {
  switch (control.kind) {
    case "plain":
      return <PlainRow control={control} camera={camera} />;
    case "choice":
      return <ChoiceRow control={control} camera={camera} />;
    case "number":
      return <NumberRow control={control} camera={camera} />;
  }
}

interface RowProps<C extends Control> {
  readonly control: C;
  readonly camera: CameraView;
}

function PlainRow({ control, camera }: RowProps<PlainControl>): JSX.Element {
  const { words } = useLanguage();
  const { outcome, send } = useCommand(camera.source, control.name);
  return (
    <div class="control-row">
      <SendButton outcome={outcome} onClick={() => send()} words={words.control.name[control.name]} />
      <OutcomeWords outcome={outcome} />
    </div>
  );
}

function ChoiceRow({ control, camera }: RowProps<ChoiceControl>): JSX.Element {
  const { words } = useLanguage();
  const { outcome, send } = useCommand(camera.source, control.name);
  const [value, setValue] = useState(control.values[0] ?? "");
  const id = useId();
  return (
    <div class="control-row">
      <label for={id}>{words.control.name[control.name]}</label>
      <select id={id} value={value} onChange={(event) => setValue(event.currentTarget.value)}>
        {control.values.map((each) => (
          <option key={each} value={each}>
            {FRAME_SIZES[each] ?? translate(control.name === "watch" ? words.control.watch : words.control.policy, each)}
          </option>
        ))}
      </select>
      <SetButton id={id} outcome={outcome} onClick={() => send(value)} />
      <OutcomeWords outcome={outcome} />
    </div>
  );
}

function NumberRow({ control, camera }: RowProps<NumberControl>): JSX.Element {
  const { words, number } = useLanguage();
  const { outcome, send } = useCommand(camera.source, control.name);
  const { least, most, step, initial } = control;
  const [value, setValue] = useState(initial);
  const id = useId();
  const digits = Number.isInteger(step) ? 0 : 1;
  return (
    <div class="control-row">
      <label for={id}>{words.control.name[control.name]}</label>
      <span class="slider">
        <input
          id={id}
          type="range"
          min={least}
          max={most}
          step={step}
          value={value}
          aria-valuetext={number(value, digits)}
          onInput={(event) => setValue(event.currentTarget.valueAsNumber)}
        />
        <span class="slider-value">
          <bdi>{number(value, digits)}</bdi>
        </span>
      </span>
      <SetButton id={id} outcome={outcome} onClick={() => send(String(value))} />
      <OutcomeWords outcome={outcome} />
    </div>
  );
}

interface ButtonProps {
  readonly outcome: Outcome;
  readonly onClick: () => void;
}

function SetButton({ id, ...button }: ButtonProps & { readonly id: string }): JSX.Element {
  const { words } = useLanguage();
  return <SendButton {...button} words={words.control.set} describedBy={id} />;
}

/** Stays in the order of focus while it waits, but sends nothing twice. */
function SendButton({
  outcome,
  onClick,
  words,
  describedBy,
}: ButtonProps & { readonly words: string; readonly describedBy?: string }): JSX.Element {
  const waits = outcome.kind === "waiting";
  return (
    <button
      type="button"
      class="tool outlined"
      aria-disabled={waits}
      aria-describedby={describedBy}
      onClick={() => waits || onClick()}
    >
      {words}
    </button>
  );
}

export function OutcomeWords({ outcome }: { readonly outcome: Outcome }): JSX.Element {
  const { words } = useLanguage();
  return (
    <output class={`outcome outcome-${outcome.kind}`}>
      {outcome.kind === "waiting" && words.control.waiting}
      {outcome.kind === "done" && (
        <>
          {words.control.done} {outcome.words !== "" && <Detail words={outcome.words} />}
        </>
      )}
      {outcome.kind === "failed" && (
        <>
          {words.control.failed} <ReasonText reason={outcome.reason} />
        </>
      )}
    </output>
  );
}
