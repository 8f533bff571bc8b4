/** The words on a box: what it is, its number, and the one thing about it that matters most. */

import type { LabelParts, PlaceKind } from "../draw/layers";
import { isolate, translate, type Language } from "../i18n/language";

const THERMAL_IDS = 1e9;

export function trackLabel(track: LabelParts, language: Language): string {
  const { words } = language;
  const parts = [`${translate(words.label, track.label)} ${trackNumber(track.trackId)}`];
  const doing = track.doing[0];
  if (doing !== undefined) parts.push(translate(words.cause, doing));
  else if (track.speed !== null && track.speed.value > 0) parts.push(speedWords(track.speed, language));
  if (track.hottestCelsius !== null) parts.push(celsiusWords(track.hottestCelsius, language));
  return parts.join(" · ");
}

/** "#7", and "#T7" for what only the thermal sensor sees: the edge counts those from a billion on. */
export function trackNumber(trackId: number): string {
  return isolate(trackId > THERMAL_IDS ? `#T${trackId - THERMAL_IDS}` : `#${trackId}`);
}

/** "⁨Gate⁩ · no entry" */
export function placeName(name: string, kind: PlaceKind, { words }: Language): string {
  return kind === "restricted" || kind === "mask" ? `${isolate(name)} · ${words.place[kind]}` : isolate(name);
}

export function celsiusWords(value: number, { words, number }: Language): string {
  return isolate(`${number(value)} ${words.unit.celsius}`);
}

export function speedWords(speed: { readonly value: number; readonly unit: string }, language: Language): string {
  const digits = speed.unit === "m/s" ? 1 : 0;
  return `${language.number(speed.value, digits)} ${translate(language.words.unit, speed.unit)}`;
}
