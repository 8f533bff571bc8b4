/** What a person can tell a camera, as a table: the panel is drawn from it. */

/** A button alone. */
export interface PlainControl {
  readonly name: "snapshot" | "arm" | "disarm" | "restart";
  readonly kind: "plain";
}

/** One of some known values. */
export interface ChoiceControl {
  readonly name: "frame_size" | "policy" | "watch";
  readonly kind: "choice";
  readonly values: readonly string[];
}

export interface NumberControl {
  readonly name: "fps" | "quality" | "led";
  readonly kind: "number";
  readonly least: number;
  readonly most: number;
  readonly step: number;
  readonly initial: number;
}

export type Control = PlainControl | ChoiceControl | NumberControl;
export type ControlName = Control["name"];

/** The names that cameras know, and what people know. */
export const FRAME_SIZES: Readonly<Record<string, string>> = {
  QQVGA: "160 × 120",
  QVGA: "320 × 240",
  VGA: "640 × 480",
  SVGA: "800 × 600",
  XGA: "1024 × 768",
  HD: "1280 × 720",
  SXGA: "1280 × 1024",
  UXGA: "1600 × 1200",
};

/** For how long pictures are sent although nobody looks; none at all ends it. */
const WATCH_MINUTES = ["10", "60", "480", "0"] as const;

/** What the edge itself carries out, for any camera. */
export const EDGE_CONTROLS: readonly Control[] = [
  { name: "arm", kind: "plain" },
  { name: "disarm", kind: "plain" },
  { name: "snapshot", kind: "plain" },
  { name: "restart", kind: "plain" },
  { name: "fps", kind: "number", least: 0.5, most: 60, step: 0.5, initial: 10 },
  { name: "watch", kind: "choice", values: WATCH_MINUTES },
  { name: "policy", kind: "choice", values: ["home", "shop", "construction", "farm", "border-road"] },
];

/** What is passed on to the camera, where it takes commands. */
export const CAMERA_CONTROLS: readonly Control[] = [
  { name: "frame_size", kind: "choice", values: Object.keys(FRAME_SIZES) },
  { name: "quality", kind: "number", least: 4, most: 63, step: 1, initial: 12 },
  { name: "led", kind: "number", least: 0, most: 255, step: 1, initial: 0 },
];

/** Those of `controls` that the hub offers to pass on, and that the camera can carry out, as far as it says. */
export function offered(
  controls: readonly Control[],
  commands: readonly string[],
  able: readonly string[],
): readonly Control[] {
  return controls.filter(({ name }) => commands.includes(name) && (able.length === 0 || able.includes(name)));
}
