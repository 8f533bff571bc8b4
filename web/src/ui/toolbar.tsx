/** What lies over the picture, and what can be done with it. */

import type { JSX } from "preact";
import { LAYERS, type Layer } from "../draw/layers";
import { isSparing, type CameraView } from "../state/world";
import { useCommand } from "./command";
import { useApp, useLanguage, useMay, usePreferences, useRadar, useWorld } from "./context";
import { OutcomeWords } from "./control";
import { saveFile } from "./files";
import { ToolIcon } from "./icons";

interface ToolbarProps {
  readonly camera: CameraView;
  readonly stage: { readonly current: HTMLElement | null };
}

export function Toolbar({ camera, stage }: ToolbarProps): JSX.Element {
  const { words, direction } = useLanguage();
  const { preferences, monitor } = useApp();
  const { layers } = usePreferences();
  const sparing = useWorld(isSparing);
  const radar = useRadar();
  const mayAsk = useMay("operator");
  const toggle = (layer: Layer): void =>
    preferences.set({
      ...preferences.value,
      layers: layers.includes(layer) ? layers.filter((other) => other !== layer) : [...layers, layer],
    });
  const hints: Readonly<Partial<Record<Layer, string>>> = words.layerHint;
  const feelsHeat = camera.observation?.scene.thermalActive === true;
  const offered = LAYERS.filter((layer) => layer !== "thermal" || feelsHeat);
  return (
    <div
      class="toolbar"
      role="toolbar"
      aria-label={words.picture.layers}
      onKeyDown={({ currentTarget, key }) => moveFocus(currentTarget, key, direction)}
    >
      {offered.map((layer) => (
        <button
          key={layer}
          type="button"
          class="tool"
          title={hints[layer]}
          aria-pressed={layers.includes(layer)}
          onClick={() => toggle(layer)}
        >
          <ToolIcon tool={layer} />
          <span>{words.layer[layer]}</span>
        </button>
      ))}
      <button
        type="button"
        class="tool"
        aria-pressed={radar}
        title={words.picture.radarHint}
        onClick={() => {
          if (sparing) monitor.insist(true);
          preferences.set({ ...preferences.value, radar: !radar });
        }}
      >
        <ToolIcon tool="radar" />
        <span>{words.picture.radar}</span>
      </button>
      {radar && mayAsk && <NewStill camera={camera} />}
      <span class="spring" />
      <button type="button" class="tool brief" title={words.picture.save} onClick={() => savePicture(stage.current, camera)}>
        <ToolIcon tool="save" />
        <span>{words.picture.save}</span>
      </button>
      <button type="button" class="tool brief" title={words.picture.full} onClick={() => void toggleFullScreen(stage.current)}>
        <ToolIcon tool="full" />
        <span>{words.picture.full}</span>
      </button>
    </div>
  );
}

/** Arrow keys go from button to button, the way in which the language reads. */
function moveFocus(bar: HTMLElement, key: string, direction: "ltr" | "rtl"): void {
  const [ahead, back] = direction === "rtl" ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
  const step = key === ahead ? 1 : key === back ? -1 : 0;
  const buttons = [...bar.querySelectorAll("button")];
  const place = buttons.findIndex((button) => button === document.activeElement);
  if (step !== 0 && place >= 0) buttons[(place + step + buttons.length) % buttons.length]?.focus();
}

/** One picture now, although only boxes are asked for; says what became of it. */
function NewStill({ camera }: { readonly camera: CameraView }): JSX.Element {
  const { words } = useLanguage();
  const { outcome, send } = useCommand(camera.source, "snapshot");
  return (
    <>
      <button type="button" class="tool" onClick={() => send()}>
        <ToolIcon tool="still" />
        <span>{words.picture.still}</span>
      </button>
      <OutcomeWords outcome={outcome} />
    </>
  );
}

/** Save the pixels as the camera sent them, without boxes. */
function savePicture(stage: HTMLElement | null, camera: CameraView): void {
  const canvas = stage?.querySelector<HTMLCanvasElement>("canvas.pixels");
  const name = `${camera.edgeId}-${camera.cameraId}-${camera.picture?.frameId ?? 0}.png`;
  canvas?.toBlob((blob) => blob !== null && saveFile(blob, name));
}

/** A browser that has no full screen for pages (a phone) stays as it is. */
async function toggleFullScreen(stage: HTMLElement | null): Promise<void> {
  if (document.fullscreenElement !== null) await document.exitFullscreen();
  else if (stage !== null && document.fullscreenEnabled) await stage.requestFullscreen();
}
