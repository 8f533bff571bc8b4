/** The cameras of every edge: what there is, adding, changing, removing. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { isolate } from "../i18n/language";
import type { World } from "../state/world";
import { useApp, useCamera, useLanguage, useWorld } from "../ui/context";
import { ToolIcon } from "../ui/icons";
import { reasonWords } from "../ui/refusal";
import { Why } from "../ui/why";
import { hrefOfPlace } from "../ui/route";
import { useSending } from "../ui/sending";
import { fetchCameras, NEW_CAMERA, putCameras, type CameraEntry, type CameraList } from "../wire/edges";
import type { Answer } from "../wire/hub";
import { CameraForm } from "./camera_form";
import { CameraState } from "./camera_state";
import { Confirm } from "./confirm";
import { useSetUpWords } from "./words/words";

/** How an edge begins to say that changes outlast its restart: what everybody expects needs no words. */
const KEPT = "kept in ";
const NOT_KEPT = "until the edge is started anew";
const FOUNDING = "v1";

export function CamerasSection(): JSX.Element {
  const words = useSetUpWords();
  const edges = useWorld(edgesOf);
  const known = edges === "" ? [] : edges.split(" ");
  return (
    <div class="cards">
      {known.length === 0 && (
        <section class="card empty">
          <h2>{words.cameras.noEdge}</h2>
          <p class="quiet">{words.cameras.noEdgeHint}</p>
        </section>
      )}
      {known.map((edgeId) => (
        <EdgeCard key={edgeId} edgeId={edgeId} />
      ))}
    </div>
  );
}

/** The edges with cameras, and those that have just been let in and have none yet; founding clients know no set-up. */
function edgesOf({ cameras, protocols }: World): string {
  const all = new Set([...[...cameras.values()].map(({ edgeId }) => edgeId), ...protocols.keys()]);
  return [...all].filter((edgeId) => protocols.get(edgeId) !== FOUNDING).sort().join(" ");
}

/** Changes when the edge goes, comes back, or has other cameras. */
function presenceOf(edgeId: string, { cameras }: World): string {
  const own = [...cameras.values()].filter((camera) => camera.edgeId === edgeId);
  return own.map(({ cameraId, edgeOnline }) => `${cameraId} ${edgeOnline}`).join(" ");
}

/** Which entry is being worked on: one of the list by its id, a new one (""), or none. */
type Editing = string | null;

function EdgeCard({ edgeId }: { readonly edgeId: string }): JSX.Element {
  const words = useSetUpWords();
  const { words: common } = useLanguage();
  const { hub } = useApp().monitor;
  const [list, setList] = useState<CameraList | null>(null);
  const [editing, setEditing] = useState<Editing>(null);
  const [done, setDone] = useState("");
  const loading = useSending(() => fetchCameras(hub, edgeId), setList);
  const presence = useWorld((world) => presenceOf(edgeId, world));
  useEffect(loading.send, [edgeId, presence]);
  const put = async (cameras: readonly CameraEntry[]): Promise<Answer<string>> => {
    const answer = await putCameras(hub, edgeId, cameras, list?.version ?? 0);
    if (answer.ok) {
      setEditing(null);
      setDone(words.cameras.saved);
      loading.send();
    }
    return answer;
  };
  const cameras = list?.cameras ?? [];
  const edited = editing === "" ? NEW_CAMERA : cameras.find(({ id }) => id === editing);
  return (
    <section class="card edge-card" aria-labelledby={`edge-${edgeId}`} aria-busy={loading.sending}>
      <h2 id={`edge-${edgeId}`}>{words.cameras.ofEdge(isolate(edgeId))}</h2>
      {loading.refusal !== null && <Trouble words={reasonWords(loading.refusal, common)} onAgain={loading.send} />}
      <ul class="rows">
        {cameras.map((camera) => (
          <CameraRow
            key={camera.id}
            edgeId={edgeId}
            camera={camera}
            isLast={cameras.length === 1}
            onEdit={() => setEditing(camera.id)}
            onRemove={() => put(cameras.filter((other) => other !== camera))}
          />
        ))}
      </ul>
      {list !== null && !list.words.startsWith(KEPT) && (
        <p class="doubt">
          {list.words.startsWith(NOT_KEPT) ? words.cameras.notKept : <bdi lang="en">{list.words}</bdi>}
        </p>
      )}
      <p class="outcome-done" role="status">
        {done}
      </p>
      {edited !== undefined ? (
        <CameraForm
          key={editing}
          edgeId={edgeId}
          camera={edited}
          taken={cameras.map(({ id }) => id).filter((id) => id !== editing)}
          onSave={(camera) => put(editing === "" ? [...cameras, camera] : cameras.map((old) => (old.id === editing ? camera : old)))}
          onReload={loading.send}
          onCancel={() => setEditing(null)}
        />
      ) : (
        list !== null && (
          <button type="button" class="tool primary" onClick={() => setEditing("")}>
            <ToolIcon tool="add" />
            {words.cameras.add}
          </button>
        )
      )}
    </section>
  );
}

function Trouble({ words: said, onAgain }: { readonly words: string; readonly onAgain: () => void }): JSX.Element {
  const words = useSetUpWords();
  return (
    <div class="bar-row">
      <p class="problem">{said}</p>
      <button type="button" class="tool outlined" onClick={onAgain}>
        {words.again}
      </button>
    </div>
  );
}

interface CameraRowProps {
  readonly edgeId: string;
  readonly camera: CameraEntry;
  /** An edge always has one camera at least. */
  readonly isLast: boolean;
  readonly onEdit: () => void;
  readonly onRemove: () => Promise<Answer<string>>;
}

function CameraRow({ edgeId, camera, isLast, onEdit, onRemove }: CameraRowProps): JSX.Element {
  const words = useSetUpWords();
  const source = `${edgeId}/${camera.id}`;
  const view = useCamera(source);
  const removing = useSending(onRemove);
  const name = camera.name === "" ? camera.id : camera.name;
  return (
    <li class="row camera-row">
      <span class="row-words">
        <a href={hrefOfPlace({ section: "camera", source, tab: "zones" })}>
          <bdi>{name}</bdi>
        </a>
        <small>
          <bdi class="address">{camera.source}</bdi>
        </small>
        {removing.refusal !== null && <span class="problem"><Why refusal={removing.refusal} /></span>}
      </span>
      {view !== undefined && <CameraState camera={view} />}
      <span class="row-tools">
        <a class="tool outlined" href={hrefOfPlace({ section: "camera", source, tab: "zones" })}>
          <ToolIcon tool="setup" />
          {words.cameras.setUp}
        </a>
        <button type="button" class="tool outlined" aria-label={words.cameras.editOf(isolate(name))} onClick={onEdit}>
          {words.cameras.edit}
        </button>
        {!isLast && <Confirm words={words.cameras.remove} ask={words.cameras.sure(isolate(name))} danger disabled={removing.sending} onConfirm={removing.send} />}
      </span>
    </li>
  );
}
