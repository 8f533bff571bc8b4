/** The words on a box: what it is, its number, and the one thing about it that matters most. */

import type { LabelParts } from "../draw/layers";
import { isolate, translate, type Language } from "../i18n/language";

export function trackLabel(track: LabelParts, language: Language): string {
  const { words, number } = language;
  const parts = [`${translate(words.label, track.label)} ${trackNumber(track)}`];
  const doing = track.doing[0];
  if (doing !== undefined) parts.push(translate(words.cause, doing));
  else if (track.speed !== null && track.speed.value > 0) parts.push(speedWords(track.speed, language));
  if (track.hottestCelsius !== null) parts.push(isolate(`${number(track.hottestCelsius)} ${words.unit.celsius}`));
  return parts.join(" · ");
}

export function trackNumber({ trackId }: LabelParts): string {
  return isolate(`#${trackId}`);
}

export function speedWords(speed: { readonly value: number; readonly unit: string }, language: Language): string {
  const digits = speed.unit === "m/s" ? 1 : 0;
  return `${language.number(speed.value, digits)} ${translate(language.words.unit, speed.unit)}`;
}
