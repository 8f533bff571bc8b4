/** What lies over the picture, and what can be done with it. */

import type { JSX } from "preact";
import { LAYERS, type Layer } from "../draw/layers";
import { isSparing, type CameraView } from "../state/world";
import { useCommand } from "./command";
import { useApp, useLanguage, useMay, usePreferences, useRadar, useWorld } from "./context";
import { OutcomeWords } from "./control";
import { saveFile } from "./files";
import { useFit } from "./fit";
import { ToolIcon } from "./icons";

interface ToolbarProps {
  readonly camera: CameraView;
  readonly stage: { readonly current: HTMLElement | null };
}

export function Toolbar({ camera, stage }: ToolbarProps): JSX.Element {
  const { words, direction, code } = useLanguage();
  const radar = useRadar();
  const mayAsk = useMay("operator");
  const still = useCommand(camera.source, "snapshot");
  const layers = offeredLayers(camera);
  const bar = useFit<HTMLDivElement>(`${code} ${layers.length} ${radar}`);
  return (
    <>
      <div
        ref={bar}
        class="toolbar fitted"
        role="toolbar"
        aria-label={words.picture.layers}
        onKeyDown={({ currentTarget, key }) => moveFocus(currentTarget, key, direction)}
      >
        <LayerButtons offered={layers} />
        <span class="tools">
          <RadarButton />
          {radar && mayAsk && (
            <button type="button" class="tool" onClick={() => still.send()}>
              <ToolIcon tool="still" />
              <span>{words.picture.still}</span>
            </button>
          )}
          <span class="spring" />
          <button type="button" class="tool brief" title={words.picture.save} onClick={() => savePicture(stage.current, camera)}>
            <ToolIcon tool="save" />
            <span>{words.picture.save}</span>
          </button>
          <button type="button" class="tool brief" title={words.picture.full} onClick={() => void toggleFullScreen(stage.current)}>
            <ToolIcon tool="full" />
            <span>{words.picture.full}</span>
          </button>
        </span>
      </div>
      {radar && mayAsk && <OutcomeWords outcome={still.outcome} />}
    </>
  );
}

/** Heat only where a sensor feels it. */
function offeredLayers({ observation }: CameraView): readonly Layer[] {
  return LAYERS.filter((layer) => layer !== "thermal" || observation?.scene.thermalActive === true);
}

function LayerButtons({ offered }: { readonly offered: readonly Layer[] }): JSX.Element {
  const { words } = useLanguage();
  const { preferences } = useApp();
  const { layers } = usePreferences();
  const hints: Readonly<Partial<Record<Layer, string>>> = words.layerHint;
  const toggle = (layer: Layer): void =>
    preferences.set({
      ...preferences.value,
      layers: layers.includes(layer) ? layers.filter((other) => other !== layer) : [...layers, layer],
    });
  return (
    <span class="tools layers">
      {offered.map((layer) => (
        <button
          key={layer}
          type="button"
          class="tool"
          title={hints[layer] ?? words.layer[layer]}
          aria-pressed={layers.includes(layer)}
          onClick={() => toggle(layer)}
        >
          <ToolIcon tool={layer} />
          <span>{words.layer[layer]}</span>
        </button>
      ))}
    </span>
  );
}

function RadarButton(): JSX.Element {
  const { words } = useLanguage();
  const { preferences, monitor } = useApp();
  const sparing = useWorld(isSparing);
  const radar = useRadar();
  return (
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
