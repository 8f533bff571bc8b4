/** What this reader chose, kept in this browser. */

import { LAYERS, USUAL_LAYERS, type Layer } from "../draw/layers";
import { chooseLanguage, LANGUAGES, type LanguageCode } from "../i18n/language";

export const THEMES = ["system", "dark", "light"] as const;
export type Theme = (typeof THEMES)[number];

export interface Preferences {
  readonly language: LanguageCode;
  readonly theme: Theme;
  readonly layers: readonly Layer[];
  /** Boxes over the last still instead of pictures. */
  readonly radar: boolean;
  /** Who marks incidents; may be empty. */
  readonly name: string;
}

/** Characters; the contract's limit. */
export const NAME_LIMIT = 120;
const KEY = "aimonitor.preferences";
/** Those that there were before choices told which they knew. */
const FIRST_LAYERS: readonly Layer[] = ["boxes", "labels", "trails", "risk"];

/** The kept choice; what is missing, unknown or unreadable falls back to the browser's own wishes. */
export function loadPreferences(storage: Storage, wished: readonly string[]): Preferences {
  const kept = read(storage);
  return {
    language: oneOf(LANGUAGES, kept["language"]) ?? chooseLanguage(wished),
    theme: oneOf(THEMES, kept["theme"]) ?? "system",
    layers: readLayers(kept["layers"], kept["known"]),
    radar: kept["radar"] === true,
    name: typeof kept["name"] === "string" ? kept["name"].slice(0, NAME_LIMIT) : "",
  };
}

/** Keep the choice; a browser that refuses (private window, full) just forgets it. */
export function savePreferences(storage: Storage, preferences: Preferences): void {
  try {
    storage.setItem(KEY, JSON.stringify({ ...preferences, known: LAYERS }));
  } catch {
    return;
  }
}

/** Layers that were not `known` when the choice was made are shown as to anybody. */
function readLayers(chosen: unknown, known: unknown): readonly Layer[] {
  if (!Array.isArray(chosen)) return USUAL_LAYERS;
  const asked: readonly unknown[] = Array.isArray(known) ? known : FIRST_LAYERS;
  return LAYERS.filter((layer) => (asked.includes(layer) ? chosen.includes(layer) : USUAL_LAYERS.includes(layer)));
}

function read(storage: Storage): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(storage.getItem(KEY) ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function oneOf<T extends string>(known: readonly T[], value: unknown): T | undefined {
  return known.find((item) => item === value);
}
