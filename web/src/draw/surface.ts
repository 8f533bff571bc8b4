/** Two canvases, one over the other: the picture below, vectors above, always painted in the same animation frame. */

import type { DecodedPicture, Painter, Scene } from "../picture/feed";
import { fit } from "./fit";
import type { OverlayStyle } from "./layers";
import { drawOverlay } from "./overlay";

export class CanvasSurface implements Painter {
  private scene: Scene | null = null;
  private painted: DecodedPicture | null = null;
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

  private paintOverlay(scene: Scene): void {
    const { width, height } = this.overlay;
    this.above.clearRect(0, 0, width, height);
    const observation = this.radar ? scene.newest : (scene.pair?.observation ?? null);
    this.overlay.dataset["frameId"] = observation === null ? "" : String(observation.frameId);
    const size = scene.pair?.picture.bitmap ?? observation;
    const at = observation?.capturedAt ?? scene.pair?.picture.capturedAt;
    if (size === null || at === undefined) return;
    const surface = { context: this.above, picture: fit(size, { width, height }), ratio: devicePixelRatio };
    const { trails, layout, heat, footfall } = scene;
    drawOverlay(surface, { observation, trails, layout, felt: heat?.of(at) ?? null, footfall }, this.style);
  }

  private resize(): void {
    const { width, height } = this.overlay.getBoundingClientRect();
    this.overlay.width = Math.max(1, Math.round(width * devicePixelRatio));
    this.overlay.height = Math.max(1, Math.round(height * devicePixelRatio));
    if (this.scene !== null) this.paintOverlay(this.scene);
  }
}

function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("expected a 2d canvas context, got none");
  return context;
}
