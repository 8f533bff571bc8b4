/** What a thermal sensor feels, in its own view: for whoever aligns it. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { thermalRaster } from "../draw/heat";
import type { Felt } from "../picture/heat";
import { useApp } from "../ui/context";
import type { Map2 } from "./geometry";
import type { Source } from "../wire/messages";

/** The newest thermogram of a camera; asked for while the component is there. Null while none is known. */
export function useFelt(source: Source): Felt | null {
  const { monitor } = useApp();
  const [felt, setFelt] = useState<Felt | null>(null);
  useEffect(() => {
    const hide = monitor.show(source, {
      paint: ({ newest, heat }) => setFelt(newest === null ? null : (heat?.of(newest.capturedAt) ?? null)),
    });
    const release = monitor.feelHeat();
    return () => {
      hide();
      release();
    };
  }, [source, monitor]);
  return felt;
}

interface SensorPictureProps {
  readonly felt: Felt;
  /** Where it is laid: CSS that moves it from its own view into another. */
  readonly transform?: string;
}

export function SensorPicture({ felt, transform = "" }: SensorPictureProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { columns, rows } = felt.thermogram;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    context?.clearRect(0, 0, columns, rows);
    context?.drawImage(thermalRaster(felt), 0, 0);
  }, [felt]);
  return <canvas ref={canvas} class="sensor-picture" width={columns} height={rows} style={{ transform }} aria-hidden="true" />;
}

/** The CSS of an affine map between pictures in fractions; `shape` is the width over the height of where it is laid. */
export function transformOf(map: Map2, shape: number): string {
  const [c, f] = map([0, 0]);
  const [[right, down], [across, below]] = [map([1, 0]), map([0, 1])];
  const matrix = [right - c, (down - f) / shape, (across - c) * shape, below - f, 0, 0];
  return `translate(${c * 100}%, ${f * 100}%) matrix(${matrix.join(", ")})`;
}
