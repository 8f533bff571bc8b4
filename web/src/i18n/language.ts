/** The reader's language: its words, its direction, and how it writes numbers, times and durations. */

import { en, type Catalogue } from "./en";
import { he } from "./he";
import { ru } from "./ru";

export const LANGUAGES = ["en", "ru", "he"] as const;
export type LanguageCode = (typeof LANGUAGES)[number];

/** Each language in its own words: the one thing that is never translated. */
export const LANGUAGE_NAMES: Readonly<Record<LanguageCode, string>> = { en: "English", ru: "Русский", he: "עברית" };

const CATALOGUES: Readonly<Record<LanguageCode, Catalogue>> = { en, ru, he };

export interface Language {
  readonly code: LanguageCode;
  readonly direction: "ltr" | "rtl";
  readonly words: Catalogue;
  readonly number: (value: number, digits?: number) => string;
  readonly percent: (fraction: number) => string;
  /** "0.3 sec", "12 sec", "4 min", "2 hr". */
  readonly duration: (seconds: number) => string;
  /** The same with milliseconds below one second: "30 ms" (CLDR has no Hebrew for it). */
  readonly shortDuration: (seconds: number) => string;
  /** "12 kB", "1.4 MB": thousands, as the bill counts. */
  readonly size: (bytes: number) => string;
  /** Time of day, with the date when it was another day; seconds since 1970 in. */
  readonly time: (at: number) => string;
  /** Time of day with its seconds, whatever the day. */
  readonly timeOfDay: (at: number) => string;
  readonly hourAndMinute: (at: number) => string;
  /** "Mon 16". */
  readonly weekday: (at: number) => string;
  readonly dateTime: (at: number) => string;
}

export function languageOf(code: LanguageCode): Language {
  const percents = new Intl.NumberFormat(code, { style: "percent", maximumFractionDigits: 0 });
  const times = new Intl.DateTimeFormat(code, { timeStyle: "medium" });
  const weekdays = new Intl.DateTimeFormat(code, { weekday: "short", day: "numeric" });
  const clocks = new Intl.DateTimeFormat(code, { timeStyle: "short" });
  const dateTimes = new Intl.DateTimeFormat(code, { dateStyle: "medium", timeStyle: "medium" });
  const shortDateTimes = new Intl.DateTimeFormat(code, { dateStyle: "short", timeStyle: "short" });
  return {
    code,
    direction: code === "he" ? "rtl" : "ltr",
    words: CATALOGUES[code],
    number: (value, digits = 0) => fixed(code, digits).format(value),
    percent: (fraction) => percents.format(fraction),
    duration: (seconds) => duration(code, seconds),
    shortDuration: (seconds) =>
      seconds < 1 ? `${fixed(code, 0).format(seconds * 1000)} ${CATALOGUES[code].unit.ms}` : duration(code, seconds),
    size: (bytes) => sizeWords(code, bytes),
    time: (at) => (isToday(at) ? times : shortDateTimes).format(at * 1000),
    timeOfDay: (at) => times.format(at * 1000),
    weekday: (at) => weekdays.format(at * 1000),
    hourAndMinute: (at) => clocks.format(at * 1000),
    dateTime: (at) => dateTimes.format(at * 1000),
  };
}

/** The first language of `wished` that there is, else English. `iw` is how some still say Hebrew. */
export function chooseLanguage(wished: readonly string[]): LanguageCode {
  for (const tag of wished) {
    const primary = tag.toLowerCase().split("-")[0]?.replace("iw", "he");
    const known = LANGUAGES.find((code) => code === primary);
    if (known !== undefined) return known;
  }
  return "en";
}

/** A word of an open vocabulary in the reader's language; one that is not in the catalogue stays as it came. */
export function translate(vocabulary: Readonly<Record<string, string>>, word: string): string {
  return Object.hasOwn(vocabulary, word) ? (vocabulary[word] ?? word) : word;
}

/** Foreign text inside a sentence: it cannot turn the sentence around (U+2068, U+2069, Unicode UAX #9). */
export function isolate(text: string): string {
  return `\u2068${text.replace(/[\u202a-\u202e\u2066-\u2069]/gu, "")}\u2069`;
}

const formats = new Map<string, Intl.NumberFormat>();

function fixed(code: LanguageCode, digits: number, unit = ""): Intl.NumberFormat {
  const key = `${code}/${digits}/${unit}`;
  const style = unit === "" ? {} : ({ style: "unit", unit, unitDisplay: "short" } as const);
  const format =
    formats.get(key) ??
    new Intl.NumberFormat(code, { ...style, minimumFractionDigits: digits, maximumFractionDigits: digits });
  formats.set(key, format);
  return format;
}

/** Rounded up below ten seconds: a picture is never said to be younger than it is. */
function duration(code: LanguageCode, seconds: number): string {
  if (seconds < 9.9) return fixed(code, 1, "second").format(Math.ceil(seconds * 10) / 10);
  if (seconds < 100) return fixed(code, 0, "second").format(seconds);
  if (seconds < 5400) return fixed(code, 0, "minute").format(seconds / 60);
  if (seconds < 129_600) return fixed(code, 0, "hour").format(seconds / 3600);
  return fixed(code, 0, "day").format(seconds / 86_400);
}

function sizeWords(code: LanguageCode, bytes: number): string {
  const { unit } = CATALOGUES[code];
  if (bytes < 999_500) return `${fixed(code, 0).format(bytes / 1e3)} ${unit.kB}`;
  if (bytes < 999.5e6) return `${fixed(code, bytes < 99.5e6 ? 1 : 0).format(bytes / 1e6)} ${unit.MB}`;
  return `${fixed(code, 1).format(bytes / 1e9)} ${unit.GB}`;
}

function isToday(at: number): boolean {
  return new Date(at * 1000).toDateString() === new Date().toDateString();
}
