/** What an incident looked like: its picture with boxes and trails as vectors, and the clip, played on the same canvas. */

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Layer } from "../draw/layers";
import { isolate } from "../i18n/language";
import type { Incident } from "../state/incidents";
import { mediaAddress, type MediaFile } from "../wire/media";
import { useApp, useLanguage } from "./context";
import { useCanvases, useClip, useFilm, usePoster } from "./film";
import { ToolIcon } from "./icons";
import { useIncidentWords } from "./incidents";
import { useMedia, type Media } from "./media";
import type { Reason } from "./refusal";
import { ReasonText } from "./why";
import { PlayerBar } from "./player_bar";

type Toggle = "boxes" | "trails";
const TOGGLES: readonly Toggle[] = ["boxes", "trails"];
/** What is drawn with each toggle. */
const LAYERS_OF: Readonly<Record<Toggle, readonly Layer[]>> = { boxes: ["boxes", "labels", "risk"], trails: ["trails", "risk"] };

export function Evidence({ incident }: { readonly incident: Incident }): JSX.Element {
  const { words } = useLanguage();
  const [shown, setShown] = useState(TOGGLES);
  const [wantsFilm, setWantsFilm] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const layers = useMemo(() => shown.flatMap((toggle) => LAYERS_OF[toggle]), [shown]);
  const index = useMedia(incident, "clip.json", true, attempt);
  const clip = useClip(index);
  const drawnByEdge = index.kind === "missing" && shown.includes("boxes");
  const plain = useMedia(incident, "snapshot.jpg", true, attempt);
  const boxed = useMedia(incident, "boxes.jpg", drawnByEdge, attempt);
  const file = useMedia(incident, "clip.avi", wantsFilm, attempt);
  const { picture, overlay, surface } = useCanvases(layers);
  usePoster(surface, drawnByEdge && boxed.kind === "here" ? boxed : plain, clip, incident);
  const film = useFilm(surface, file, clip, incident);
  const toggle = (which: Toggle): void =>
    setShown(shown.includes(which) ? shown.filter((other) => other !== which) : [...shown, which]);
  const again = (): void => setAttempt(attempt + 1);
  return (
    <figure class={`stage evidence edge-${incident.level.toLowerCase()}`}>
      <div class="picture" role="img" aria-label={words.film.alternative(isolate(useIncidentWords(incident)))}>
        <canvas ref={picture} class="pixels" width="16" height="9" />
        <canvas ref={overlay} class="vectors" />
        <Waiting media={plain} empty={words.film.noPicture} />
      </div>
      {clip !== null && (
        <PlayerBar clip={clip} film={film} file={file} start={() => (wantsFilm ? again() : setWantsFilm(true))} />
      )}
      <div class="toolbar" role="toolbar" aria-label={words.picture.layers}>
        {TOGGLES.map((which) => (
          <button key={which} type="button" class="tool" aria-pressed={shown.includes(which)} onClick={() => toggle(which)}>
            <ToolIcon tool={which} />
            <span>{words.layer[which]}</span>
          </button>
        ))}
        {index.kind === "missing" && <Missing reason={index.reason} again={again} />}
        {index.kind === "waiting" && <span class="outcome outcome-waiting">{words.film.waiting}</span>}
        <span class="spring" />
        <Downloads incident={incident} files={filesOf(plain, index)} />
      </div>
    </figure>
  );
}

function filesOf(plain: Media, index: Media): readonly MediaFile[] {
  return [...(plain.kind === "here" ? (["snapshot.jpg"] as const) : []), ...(index.kind === "here" ? (["clip.avi"] as const) : [])];
}

function Waiting({ media, empty }: { readonly media: Media; readonly empty: string }): JSX.Element | null {
  const { words } = useLanguage();
  if (media.kind === "here" || media.kind === "unwanted") return null;
  return <p class="note">{media.kind === "waiting" ? words.film.waiting : empty}</p>;
}

function Missing({ reason, again }: { readonly reason: Reason; readonly again: () => void }): JSX.Element {
  const { words } = useLanguage();
  return (
    <>
      <span class="outcome outcome-failed">
        {words.film.missing} <ReasonText reason={reason} />
      </span>
      <button type="button" class="tool outlined" onClick={again}>
        {words.film.again}
      </button>
    </>
  );
}

interface DownloadsProps {
  readonly incident: Incident;
  readonly files: readonly MediaFile[];
}

/** The files themselves, as the camera made them; every video player opens the clip. */
function Downloads({ incident: { source, incidentId }, files }: DownloadsProps): JSX.Element {
  const { words } = useLanguage();
  const { monitor } = useApp();
  return (
    <>
      {files.map((file) => (
        <a key={file} class="tool" href={mediaAddress(monitor.hub, source, incidentId, file).href} download={`${incidentId}-${file}`}>
          <ToolIcon tool="save" />
          <span class="always">{file === "clip.avi" ? words.film.saveClip : words.film.savePicture}</span>
        </a>
      ))}
    </>
  );
}
