/** How vectors are drawn, in the reader's language. */

import { useMemo } from "preact/hooks";
import type { Layer, OverlayStyle } from "../draw/layers";
import { useLanguage } from "./context";
import { celsiusWords, placeName, trackLabel, trackNumber } from "./labels";

/** From calm to critical, on any picture. */
const RISK_COLORS = ["#5fe0c6", "#ffd24a", "#ff9d4d", "#ff5c72"];

/** `layers` must be the same array while nothing changes. */
export function useOverlayStyle(layers: readonly Layer[]): OverlayStyle {
  const language = useLanguage();
  return useMemo(
    () => ({
      layers: new Set(layers),
      direction: language.direction,
      colors: RISK_COLORS,
      label: (track) => trackLabel(track, language),
      shortLabel: (track) => trackNumber(track.trackId),
      placeName: (name, kind) => placeName(name, kind, language),
      celsius: (value) => celsiusWords(value, language),
    }),
    [language, layers],
  );
}
