/** Small grids as colors: drawn once on a canvas of their own size, and stretched over the picture from there. */

export type Color = readonly [red: number, green: number, blue: number, alpha: number];

/** Colors at even distances from 0 to 1. */
export type Ramp = readonly Color[];

/** `shares` 0..1 of the ramp, row by row; where there is none (null) nothing is painted. */
export function paintGrid(columns: number, rows: number, shareOf: (cell: number) => number | null, ramp: Ramp): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  if (context === null) return canvas;
  const image = context.createImageData(columns, rows);
  for (let cell = 0; cell < columns * rows; cell += 1) {
    const share = shareOf(cell);
    if (share !== null) image.data.set(colorAt(share, ramp), cell * 4);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** The color at `share` (0..1) of the ramp. */
export function colorAt(share: number, ramp: Ramp): Color {
  const place = Math.max(0, Math.min(1, share)) * (ramp.length - 1);
  const below = ramp[Math.floor(place)] ?? [0, 0, 0, 0];
  const above = ramp[Math.ceil(place)] ?? below;
  const mix = (index: 0 | 1 | 2 | 3): number => Math.round(below[index] + (above[index] - below[index]) * (place % 1));
  return [mix(0), mix(1), mix(2), mix(3)];
}

export function cssOf([red, green, blue, alpha]: Color): string {
  return `rgb(${red} ${green} ${blue} / ${alpha / 255})`;
}
