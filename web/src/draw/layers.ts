/** What lies over the picture; each layer can be switched off. */

export const LAYERS = ["boxes", "labels", "trails", "risk", "zones", "thermal", "footfall"] as const;
export type Layer = (typeof LAYERS)[number];
export type LayerSet = ReadonlySet<Layer>;

/** Shown to whoever has chosen nothing: what belongs to this moment. */
export const USUAL_LAYERS: readonly Layer[] = LAYERS.filter((layer) => layer !== "footfall");

/** Words and colors of the overlay, in the reader's language and theme. */
export interface OverlayStyle {
  readonly layers: LayerSet;
  readonly direction: "ltr" | "rtl";
  readonly colors: readonly string[];
  readonly label: (track: LabelParts) => string;
  /** The same where there is little room. */
  readonly shortLabel: (track: LabelParts) => string;
  /** A zone or line by its name, with what is special about it. */
  readonly placeName: (name: string, kind: PlaceKind) => string;
  readonly celsius: (value: number) => string;
}

export type PlaceKind = "usual" | "restricted" | "mask" | "line";

export interface LabelParts {
  readonly label: string;
  readonly trackId: number;
  readonly speed: { readonly value: number; readonly unit: string } | null;
  readonly doing: readonly string[];
  readonly hottestCelsius: number | null;
}
