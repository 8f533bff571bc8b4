/** One camera's picture with its vectors, its state and its true age. The same tile is large, in the strip or in the grid. */

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Layer } from "../draw/layers";
import { CanvasSurface } from "../draw/surface";
import { isolate, translate } from "../i18n/language";
import type { CameraView } from "../state/world";
import { useApp, useLanguage, usePreferences, useRadar } from "./context";
import { useOverlayStyle } from "./overlay_style";
import { useTruth, type ShownTruth } from "./truth";
import { LevelIcon, StateIcon } from "./icons";

interface PictureProps {
  readonly camera: CameraView;
  readonly truth: ShownTruth;
  /** Take the shape of the camera's picture instead of the one that all tiles share. */
  readonly ownShape?: boolean;
  /** Layers that are not drawn here whatever the reader chose; the same array while nothing changes. */
  readonly without?: readonly Layer[];
}

const NONE: readonly Layer[] = [];

export function Picture({ camera, truth, ownShape = false, without = NONE }: PictureProps): JSX.Element {
  const language = useLanguage();
  const frame = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  useSurface(camera.source, frame, picture, overlay, without);
  const risk = camera.observation?.risk;
  const scene = camera.observation?.scene;
  const { words } = language;
  const alternative = words.picture.alternative(
    isolate(camera.name),
    truth.words,
    scene?.persons ?? 0,
    scene?.vehicles ?? 0,
    risk === undefined ? words.age.unknown : translate(words.level, risk.level),
  );
  return (
    <div
      ref={frame}
      class={truth.stale ? "picture stale" : "picture"}
      style={{ aspectRatio: ownShape ? shapeOf(camera) : null }}
      role="img"
      aria-label={alternative}
    >
      <canvas ref={picture} class="pixels" width="16" height="9" />
      <canvas ref={overlay} class="vectors" />
      {truth.note !== "" && (
        <p class="note">
          <StateIcon state={truth.state} />
          <span>{truth.note}</span>
        </p>
      )}
    </div>
  );
}

function shapeOf({ observation }: CameraView): string | null {
  return observation === null || observation.width * observation.height === 0
    ? null
    : `${observation.width} / ${observation.height}`;
}

/** Joins the canvases to the camera's feed while they are on the screen, and not longer. */
function useSurface(
  source: string,
  frame: { readonly current: HTMLDivElement | null },
  picture: { readonly current: HTMLCanvasElement | null },
  overlay: { readonly current: HTMLCanvasElement | null },
  without: readonly Layer[],
): void {
  const { monitor } = useApp();
  const { layers: chosen } = usePreferences();
  const layers = useMemo(() => chosen.filter((layer) => !without.includes(layer)), [chosen, without]);
  const radar = useRadar();
  const style = useOverlayStyle(layers);
  const surface = useRef<CanvasSurface | null>(null);
  const visible = useVisible(frame);
  useEffect(() => {
    if (!visible || picture.current === null || overlay.current === null) return undefined;
    const opened = new CanvasSurface(picture.current, overlay.current, style, radar);
    surface.current = opened;
    const hide = monitor.show(source, opened);
    return () => {
      hide();
      opened.close();
      surface.current = null;
    };
  }, [source, visible, monitor]);
  useEffect(() => surface.current?.restyle(style, radar), [style, radar]);
}

function useVisible(of: { readonly current: Element | null }): boolean {
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    if (of.current === null) return undefined;
    const watcher = new IntersectionObserver((entries) => setVisible(entries.at(-1)?.isIntersecting ?? false), {
      rootMargin: "64px",
    });
    watcher.observe(of.current);
    return () => watcher.disconnect();
  }, []);
  return visible;
}

/** The level of this moment; what was judged by an old picture is no level any more. */
export function currentLevel(camera: CameraView, truth: ShownTruth): string {
  return truth.stale ? "unknown" : (camera.observation?.risk.level ?? "unknown");
}

/** A small tile that leads to the large one. */
export function Tile({ camera, href }: { readonly camera: CameraView; readonly href: string }): JSX.Element {
  const truth = useTruth(camera);
  const level = currentLevel(camera, truth);
  const state = truth.isFine ? truth.duration : truth.words;
  return (
    <a class={`tile edge-${level.toLowerCase()}`} href={href}>
      <Picture camera={camera} truth={truth} />
      <span class="tile-foot">
        <LevelIcon level={level} />
        <span class="tile-name" dir="auto" title={camera.name}>
          {camera.name}
        </span>
        <span class={`badge state-${truth.state}`} title={state}>
          <StateIcon state={truth.state} />
          <span class="badge-text">{state}</span>
        </span>
      </span>
    </a>
  );
}
