/** What every layer draws with: the surface, and words that can be read on any picture. */

import type { Box } from "../wire/box";
import type { Rectangle } from "./fit";

export interface Surface {
  readonly context: CanvasRenderingContext2D;
  /** Where the picture lies, in device pixels. */
  readonly picture: Rectangle;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
}

export const HALO = "rgba(4, 8, 12, 0.72)";
const WORDS = "#ffffff";
const FONT_STACK = "system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans Hebrew', sans-serif";
/** A picture narrower than this many CSS pixels shows shapes alone: its words could not be read. */
const WORDS_FROM_PX = 280;

export function hasRoomForWords({ picture, ratio }: Surface): boolean {
  return picture.width / ratio >= WORDS_FROM_PX;
}

/** Set the font for words on the picture; returns its size in device pixels. */
export function takeFont({ context, picture, ratio }: Surface, weight = 600, share = 1): number {
  const size = Math.max(10, Math.min(13.5, picture.width / ratio / 56) * share) * ratio;
  context.font = `${weight} ${size}px ${FONT_STACK}`;
  context.textBaseline = "middle";
  context.textAlign = "start";
  return size;
}

export function lineWidth({ picture, ratio }: Surface): number {
  return Math.max(1.5, Math.min(3, picture.width / ratio / 360)) * ratio;
}

export function placeBox({ picture }: Surface, [x1, y1, x2, y2]: Box): Rectangle {
  return {
    x: picture.x + x1 * picture.width,
    y: picture.y + y1 * picture.height,
    width: (x2 - x1) * picture.width,
    height: (y2 - y1) * picture.height,
  };
}

/** Stroke the present path in `color`, with a dark halo around it. */
export function strokeTwice({ context, ratio }: Surface, color: string, width: number): void {
  context.strokeStyle = HALO;
  context.lineWidth = width + 2 * ratio;
  context.stroke();
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
}

/** Words on a dark ground in `room`, with an edge in `color` where reading begins. */
export function drawWords(
  { context, ratio }: Surface,
  room: Rectangle,
  text: string,
  pad: number,
  color: string,
  fromEnd: boolean,
): void {
  const edge = 3 * ratio;
  context.fillStyle = HALO;
  context.beginPath();
  context.roundRect(room.x, room.y, room.width, room.height, edge);
  context.fill();
  context.fillStyle = color;
  context.fillRect(fromEnd ? room.x + room.width - edge : room.x, room.y, edge, room.height);
  context.fillStyle = WORDS;
  context.fillText(text, fromEnd ? room.x + room.width - pad - ratio : room.x + pad + ratio, room.y + room.height / 2);
}
