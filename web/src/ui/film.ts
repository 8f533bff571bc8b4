/** Joins the files of an incident to the canvases that show them. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Layer } from "../draw/layers";
import { CanvasSurface } from "../draw/surface";
import { FilmPlayer, type Playing } from "../picture/player";
import { pageClock } from "../state/clock";
import { FilmTrails, openingIndex, seenIn } from "../state/film";
import type { Incident } from "../state/incidents";
import { readClip, type Clip } from "../wire/media";
import { ContractError } from "../wire/reader";
import { readPictures } from "../wire/riff";
import type { Media } from "./media";
import { useOverlayStyle } from "./overlay_style";

interface Ref<T> {
  current: T | null;
}

export interface Canvases {
  readonly picture: Ref<HTMLCanvasElement>;
  readonly overlay: Ref<HTMLCanvasElement>;
  readonly surface: CanvasSurface | null;
}

/** Two canvases and what draws on them; `surface` is there once they are. */
export function useCanvases(layers: readonly Layer[]): Canvases {
  const style = useOverlayStyle(layers);
  const picture = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const [surface, setSurface] = useState<CanvasSurface | null>(null);
  useEffect(() => {
    if (picture.current === null || overlay.current === null) return undefined;
    const opened = new CanvasSurface(picture.current, overlay.current, style, false);
    setSurface(opened);
    return () => opened.close();
  }, []);
  useEffect(() => surface?.restyle(style, false), [surface, style]);
  return { picture, overlay, surface };
}

/** What `clip.json` says; null while it is not here, or when it says nothing of use. */
export function useClip(index: Media): Clip | null {
  return useMemo(() => {
    if (index.kind !== "here") return null;
    try {
      return readClip(JSON.parse(new TextDecoder().decode(index.data)));
    } catch {
      return null;
    }
  }, [index]);
}

/** Shows the picture in which the incident opened, with what was seen in it where that is known. */
export function usePoster(surface: CanvasSurface | null, still: Media, clip: Clip | null, incident: Incident): void {
  useEffect(() => {
    if (surface === null || still.kind !== "here") return undefined;
    let bitmap: ImageBitmap | null = null;
    let gone = false;
    void createImageBitmap(new Blob([still.data], { type: "image/jpeg" })).then(
      (decoded) => {
        bitmap = decoded;
        if (gone) return decoded.close();
        const about = clip?.pictures[openingIndex(clip)];
        const stamp = { capturedAt: 0, ageAtEdgeS: null, arrivedAt: 0, thumbnail: false };
        const picture = { bitmap: decoded, frameId: about?.frameId ?? 0, ...stamp };
        const observation = about === undefined ? null : seenIn(about, incident);
        const beside = { newest: null, trails: trailsOf(clip, incident), layout: null, heat: null, footfall: null };
        surface.paint({ pair: { picture, observation }, ...beside });
      },
      () => undefined,
    );
    return () => {
      gone = true;
      bitmap?.close();
    };
  }, [surface, still, clip]);
}

const NO_TRAILS = { of: () => [] };

function trailsOf(clip: Clip | null, { trackIds }: Incident): FilmTrails | typeof NO_TRAILS {
  return clip === null ? NO_TRAILS : new FilmTrails(clip, trackIds, true);
}

export interface Film {
  /** Null until the clip is here and understood. */
  readonly player: FilmPlayer | null;
  readonly playing: Playing;
  /** What is wrong with the file; empty when nothing is. */
  readonly problem: string;
}

const AT_REST: Playing = { positionS: 0, running: false };

/** Plays the clip as soon as it is here. */
export function useFilm(surface: CanvasSurface | null, file: Media, clip: Clip | null, incident: Incident): Film {
  const [player, setPlayer] = useState<FilmPlayer | null>(null);
  const [playing, setPlaying] = useState(AT_REST);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    if (surface === null || file.kind !== "here" || clip === null) return undefined;
    const jpegs = picturesOf(file.data, clip);
    if (typeof jpegs === "string") {
      setProblem(jpegs);
      return undefined;
    }
    const opened = new FilmPlayer(clip, jpegs, incident, surface, pageClock, setPlaying);
    setPlayer(opened);
    opened.play();
    return () => {
      opened.close();
      setPlayer(null);
    };
  }, [surface, file, clip]);
  return { player, playing, problem };
}

/** The pictures in the file, or what is wrong with it. */
function picturesOf(data: ArrayBuffer, { pictures }: Clip): readonly Uint8Array<ArrayBuffer>[] | string {
  try {
    const jpegs = readPictures(data);
    return jpegs.length === pictures.length ? jpegs : new ContractError("avi", `${pictures.length} pictures`, String(jpegs.length)).message;
  } catch (error) {
    if (error instanceof ContractError) return error.message;
    throw error;
  }
}
