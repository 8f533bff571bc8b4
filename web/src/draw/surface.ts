/** Two canvases, one over the other: the picture below, vectors above, always painted in the same animation frame. */

import type { DecodedPicture, Painter, Scene } from "../picture/feed";
import type { Felt } from "../picture/heat";
import type { Observation } from "../wire/messages";
import type { Layout } from "../wire/overlays";
import { fit } from "./fit";
import type { OverlayStyle } from "./layers";
import { drawOverlay } from "./overlay";

/** All that vectors depend on; trails and footfall only grow with an observation. */
interface Drawn {
  readonly picture: DecodedPicture | null;
  readonly observation: Observation | null;
  readonly layout: Layout | null;
  readonly felt: Felt | null;
}

export class CanvasSurface implements Painter {
  private scene: Scene | null = null;
  private painted: DecodedPicture | null = null;
  /** What the vectors on the screen were drawn from; null when they have to be drawn anew. */
  private drawn: Drawn | null = null;
  private readonly watcher: ResizeObserver;
  private readonly below: CanvasRenderingContext2D;
  private readonly above: CanvasRenderingContext2D;

  constructor(
    private readonly picture: HTMLCanvasElement,
    private readonly overlay: HTMLCanvasElement,
    private style: OverlayStyle,
    private radar: boolean,
  ) {
    this.below = context2d(picture);
    this.above = context2d(overlay);
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(overlay);
    this.resize();
  }

  restyle(style: OverlayStyle, radar: boolean): void {
    this.style = style;
    this.radar = radar;
    this.drawn = null;
    if (this.scene !== null) this.paint(this.scene);
  }

  paint(scene: Scene): void {
    this.scene = scene;
    const shown = scene.pair?.picture ?? null;
    if (shown !== null && shown !== this.painted) this.paintPicture(shown);
    this.paintOverlay(scene);
  }

  close(): void {
    this.watcher.disconnect();
    this.scene = null;
  }

  private paintPicture(shown: DecodedPicture): void {
    const { bitmap, frameId } = shown;
    if (this.picture.width !== bitmap.width) this.picture.width = bitmap.width;
    if (this.picture.height !== bitmap.height) this.picture.height = bitmap.height;
    this.below.drawImage(bitmap, 0, 0);
    this.painted = shown;
    this.picture.dataset["frameId"] = String(frameId);
  }

  /** Draw the vectors, unless they are on the screen already: a feed paints whenever anything came for it. */
  private paintOverlay(scene: Scene): void {
    const observation = this.radar ? scene.newest : (scene.pair?.observation ?? null);
    const at = observation?.capturedAt ?? scene.pair?.picture.capturedAt;
    const felt = at === undefined ? null : (scene.heat?.of(at) ?? null);
    const now: Drawn = { picture: this.painted, observation, layout: scene.layout, felt };
    if (this.drawn !== null && same(this.drawn, now)) return;
    this.drawn = now;
    const { width, height } = this.overlay;
    this.above.clearRect(0, 0, width, height);
    this.overlay.dataset["frameId"] = observation === null ? "" : String(observation.frameId);
    const size = scene.pair?.picture.bitmap ?? observation;
    if (size === null) return;
    const surface = { context: this.above, picture: fit(size, { width, height }), ratio: devicePixelRatio };
    const { trails, layout, footfall } = scene;
    drawOverlay(surface, { observation, trails, layout, felt, footfall }, this.style);
  }

  private resize(): void {
    const { width, height } = this.overlay.getBoundingClientRect();
    this.overlay.width = Math.max(1, Math.round(width * devicePixelRatio));
    this.overlay.height = Math.max(1, Math.round(height * devicePixelRatio));
    this.drawn = null;
    if (this.scene !== null) this.paintOverlay(this.scene);
  }
}

function same(one: Drawn, other: Drawn): boolean {
  const { picture, observation, layout, felt } = other;
  return (
    one.picture === picture && one.observation === observation && one.layout === layout && one.felt === felt
  );
}

function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("expected a 2d canvas context, got none");
  return context;
}
