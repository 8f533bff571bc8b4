/** One camera of an edge, new or known: its address is tried before it is saved. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { translate } from "../i18n/language";
import { FRAME_SIZES } from "../state/controls";
import { useLanguage } from "../ui/context";
import { TextField } from "../ui/field";
import { Why } from "../ui/why";
import { useSending } from "../ui/sending";
import type { CameraEntry } from "../wire/edges";
import type { Answer, Refusal } from "../wire/hub";
import { Search, Trial } from "./camera_trial";
import { NumberField, SelectField } from "./inputs";
import { useProblemAt } from "./problems";
import { useSetUpWords } from "./words/words";

const PRESETS = ["home", "shop", "construction", "farm", "border-road"];
const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const CONFLICT = 409;

interface CameraFormProps {
  readonly edgeId: string;
  readonly camera: CameraEntry;
  /** Ids of the other cameras. */
  readonly taken: readonly string[];
  readonly onSave: (camera: CameraEntry) => Promise<Answer<string>>;
  readonly onReload: () => void;
  readonly onCancel: () => void;
}

export function CameraForm({ edgeId, camera: given, taken, onSave, onReload, onCancel }: CameraFormProps): JSX.Element {
  const words = useSetUpWords();
  const { words: common } = useLanguage();
  const [camera, setCamera] = useState(given);
  const saving = useSending(() => onSave(camera));
  const set = (change: Partial<CameraEntry>): void => setCamera((now) => ({ ...now, ...change }));
  const isNew = given.id === "";
  const { refusal } = saving;
  const problemAt = useProblemAt(refusal?.problems ?? []);
  const wrong = (field: string): string => problemAt(`cameras.${camera.id}.${field}`);
  const idProblem = camera.id === "" ? "" : taken.includes(camera.id) ? words.cameras.idTaken : IDENTIFIER.test(camera.id) ? "" : words.cameras.idShape;
  const submit = (event: Event): void => {
    event.preventDefault();
    if (idProblem === "" && camera.id !== "" && camera.source !== "") saving.send();
  };
  return (
    <form class="form camera-form" onSubmit={submit} aria-label={isNew ? words.cameras.add : words.cameras.edit}>
      <TextField name={words.cameras.address} hint={words.cameras.addressHint} value={camera.source} onInput={(source) => set({ source })} problem={wrong("source")} kind="url" required />
      <Trial edgeId={edgeId} source={camera.source} />
      <Search edgeId={edgeId} onUse={(source) => set({ source })} />
      <Fields camera={camera} isNew={isNew} idProblem={idProblem} wrong={wrong} onSet={set} />
      {refusal !== null && <Refused refusal={refusal} onReload={onReload} />}
      <div class="bar-row">
        <button type="submit" class="tool primary" aria-disabled={saving.sending}>
          {saving.sending ? common.control.waiting : words.save.save}
        </button>
        <button type="button" class="tool outlined" onClick={onCancel}>
          {words.cancel}
        </button>
      </div>
    </form>
  );
}

interface FieldsProps {
  readonly camera: CameraEntry;
  /** The id of a known camera stays. */
  readonly isNew: boolean;
  readonly idProblem: string;
  /** What the edge said of a field; empty when nothing. */
  readonly wrong: (field: string) => string;
  readonly onSet: (change: Partial<CameraEntry>) => void;
}

/** All but the address. */
function Fields({ camera, isNew, idProblem, wrong, onSet }: FieldsProps): JSX.Element {
  const words = useSetUpWords();
  const { words: common } = useLanguage();
  return (
    <div class="pair">
      <TextField name={words.cameras.name} value={camera.name} onInput={(name) => onSet({ name })} problem={wrong("name")} maxLength={120} />
      {isNew && (
        <TextField name={words.cameras.id} hint={words.cameras.idHint} value={camera.id} onInput={(id) => onSet({ id })} problem={idProblem || wrong("id")} required />
      )}
      <SelectField
        name={common.control.name.policy}
        value={camera.preset}
        onChange={(preset) => onSet({ preset })}
        options={PRESETS.map((preset) => [preset, translate(common.control.policy, preset)])}
      />
      <TextField name={words.cameras.thermal} hint={words.cameras.thermalHint} value={camera.thermal} onInput={(thermal) => onSet({ thermal })} problem={wrong("thermal")} kind="url" />
      <SelectField
        name={common.control.name.frame_size}
        value={camera.frameSize ?? ""}
        onChange={(size) => onSet({ frameSize: size === "" ? null : size })}
        options={[["", words.cameras.asItIs], ...Object.entries(FRAME_SIZES)]}
      />
      <NumberField name={common.control.name.quality} value={camera.quality} least={4} most={63} step={1} onChange={(quality) => onSet({ quality })} problem={wrong("quality")} />
    </div>
  );
}

/** The entry stays in the form, whatever the edge said. */
function Refused({ refusal, onReload }: { readonly refusal: Refusal; readonly onReload: () => void }): JSX.Element {
  const words = useSetUpWords();
  const stale = refusal.status === CONFLICT;
  const said = useProblemAt(refusal.problems)("cameras");
  return (
    <div class="save-problems" role="alert">
      <strong>{stale ? words.cameras.conflict : words.save.refused}</strong>
      {stale ? (
        <button type="button" class="tool outlined" onClick={onReload}>
          {words.cameras.reload}
        </button>
      ) : (
        <p class="problem">{said === "" ? <Why refusal={refusal} /> : said}</p>
      )}
    </div>
  );
}
