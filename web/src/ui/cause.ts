/** Why and what, in the reader's language: the edge explains in English, the page words the same facts otherwise. */

import { isolate, translate, type Language } from "../i18n/language";

/** What the value of a cause counts; a cause that is not here is named without its value. */
const VALUE_OF: Readonly<Record<string, "count" | "seconds" | "celsius">> = {
  person: "count",
  vehicle: "count",
  animal: "count",
  crowd: "count",
  convoy: "count",
  loitering: "seconds",
  intrusion: "seconds",
  approach: "seconds",
  stopped: "seconds",
  object_left: "seconds",
  warm: "celsius",
  hot: "celsius",
  overheating: "celsius",
  fire: "celsius",
};

export interface Explained {
  readonly cause: string;
  /** In English, as the edge says it. */
  readonly words: string;
  readonly zone: string;
  readonly value: number | null;
}

export function explain({ cause, words, zone, value }: Explained, language: Language): string {
  const vocabulary = language.words.cause;
  if ((language.code === "en" && words !== "") || !Object.hasOwn(vocabulary, cause)) return words || cause;
  const parts = [translate(vocabulary, cause)];
  if (value !== null) parts.push(valueWords(cause, value, language));
  if (zone !== "") parts.push(isolate(zone));
  return parts.filter((part) => part !== "").join(" · ");
}

function valueWords(cause: string, value: number, { words, number, duration }: Language): string {
  switch (VALUE_OF[cause]) {
    case "count":
      return number(value);
    case "seconds":
      return duration(Math.round(value));
    case "celsius":
      return isolate(`${number(value)} ${words.unit.celsius}`);
    default:
      return "";
  }
}
