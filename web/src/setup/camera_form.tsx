/** One camera of an edge, new or known: its address is tried before it is saved. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { isolate, translate } from "../i18n/language";
import { FRAME_SIZES } from "../state/controls";
import { useApp, useLanguage } from "../ui/context";
import { TextField } from "../ui/field";
import { ToolIcon } from "../ui/icons";
import { reasonWords } from "../ui/refusal";
import { useSending } from "../ui/sending";
import { findCameras, tryCamera, type CameraEntry, type Found, type Tried } from "../wire/edges";
import type { Answer } from "../wire/hub";
import { NumberField, SelectField } from "./inputs";
import { problemAt } from "./problems";
import { useSetUpWords } from "./words/words";

const PRESETS = ["home", "shop", "construction", "farm", "border-road"];
const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const CONFLICT = 409;

interface CameraFormProps {
  readonly edgeId: string;
  readonly camera: CameraEntry;
  /** Ids of the other cameras. */
  readonly taken: readonly string[];
  /** Its place in the list: problems are told by it. */
  readonly index: number;
  readonly onSave: (camera: CameraEntry) => Promise<Answer<string>>;
  readonly onReload: () => void;
  readonly onCancel: () => void;
}

export function CameraForm({ edgeId, camera: given, taken, index, onSave, onReload, onCancel }: CameraFormProps): JSX.Element {
  const words = useSetUpWords();
  const { words: common } = useLanguage();
  const [camera, setCamera] = useState(given);
  const saving = useSending(() => onSave(camera));
  const set = (change: Partial<CameraEntry>): void => setCamera((now) => ({ ...now, ...change }));
  const isNew = given.id === "";
  const { refusal } = saving;
  const wrong = (field: string): string => (refusal === null ? "" : problemAt(refusal.problems, `cameras.${index}.${field}`));
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
      <div class="pair">
        <TextField name={words.cameras.name} value={camera.name} onInput={(name) => set({ name })} problem={wrong("name")} maxLength={120} />
        {isNew && (
          <TextField name={words.cameras.id} hint={words.cameras.idHint} value={camera.id} onInput={(id) => set({ id })} problem={idProblem || wrong("id")} required />
        )}
        <SelectField
          name={common.control.name.policy}
          value={camera.preset}
          onChange={(preset) => set({ preset })}
          options={PRESETS.map((preset) => [preset, translate(common.control.policy, preset)])}
        />
        <TextField name={words.cameras.thermal} hint={words.cameras.thermalHint} value={camera.thermal} onInput={(thermal) => set({ thermal })} problem={wrong("thermal")} kind="url" />
        <SelectField
          name={common.control.name.frame_size}
          value={camera.frameSize ?? ""}
          onChange={(size) => set({ frameSize: size === "" ? null : size })}
          options={[["", words.cameras.asItIs], ...Object.entries(FRAME_SIZES)]}
        />
        <NumberField name={common.control.name.quality} value={camera.quality} least={4} most={63} step={1} onChange={(quality) => set({ quality })} problem={wrong("quality")} />
      </div>
      {refusal !== null && (
        <div class="save-problems" role="alert">
          <strong>{refusal.status === CONFLICT ? words.cameras.conflict : words.save.refused}</strong>
          {refusal.status === CONFLICT ? (
            <button type="button" class="tool outlined" onClick={onReload}>
              {words.cameras.reload}
            </button>
          ) : (
            <p class="problem">{refusal.problems.length > 0 ? problemAt(refusal.problems, "cameras") : reasonWords(refusal, common)}</p>
          )}
        </div>
      )}
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

/** Opens the address once, from the edge's own place in the network. */
function Trial({ edgeId, source }: { readonly edgeId: string; readonly source: string }): JSX.Element {
  const words = useSetUpWords();
  const { words: common, number } = useLanguage();
  const { hub } = useApp().monitor;
  const [tried, setTried] = useState<{ readonly source: string; readonly result: Tried } | null>(null);
  const trying = useSending(() => tryCamera(hub, edgeId, source), (result) => setTried({ source, result }));
  const result = tried?.source === source ? tried.result : null;
  return (
    <div class="bar-row">
      <button type="button" class="tool outlined" disabled={source === ""} aria-disabled={trying.sending} onClick={trying.send}>
        <ToolIcon tool="play" />
        {words.cameras.try}
      </button>
      <output class={trying.sending ? "outcome outcome-waiting" : result?.ok === false ? "problem" : "outcome-done"}>
        {trying.sending && words.cameras.trying}
        {result?.ok === true && words.cameras.works(number(result.width), number(result.height), number(result.fps, 1))}
        {result?.ok === false && words.cameras.fails(isolate(result.words))}
      </output>
      {trying.refusal !== null && <span class="problem">{reasonWords(trying.refusal, common)}</span>}
    </div>
  );
}

/** What the edge finds around it. */
function Search({ edgeId, onUse }: { readonly edgeId: string; readonly onUse: (address: string) => void }): JSX.Element {
  const words = useSetUpWords();
  const { words: common } = useLanguage();
  const { hub } = useApp().monitor;
  const [found, setFound] = useState<Found | null>(null);
  const looking = useSending(() => findCameras(hub, edgeId), setFound);
  return (
    <div class="search">
      <button type="button" class="tool outlined" aria-disabled={looking.sending} onClick={looking.send}>
        <ToolIcon tool="radar" />
        {looking.sending ? words.cameras.looking : words.cameras.look}
      </button>
      {looking.refusal !== null && <span class="problem">{reasonWords(looking.refusal, common)}</span>}
      {found !== null && (
        <div role="status">
          <p class="quiet hint">{words.cameras.found(found.cameras.length, found.networks.map(isolate).join(", "))}</p>
          <ul class="rows">
            {found.cameras.map(({ host, what, address, advice }) => (
              <li key={`${host} ${address}`} class="row">
                <span class="row-words">
                  <bdi class="address">{address === "" ? host : address}</bdi>
                  <small>
                    <bdi>{what}</bdi> <bdi>{advice}</bdi>
                  </small>
                </span>
                {address !== "" && (
                  <button type="button" class="tool outlined" onClick={() => onUse(address)}>
                    {words.cameras.use}
                  </button>
                )}
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
