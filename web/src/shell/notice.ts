/**
 * What the hub tells a closed page, put into the reader's words.
 *
 * Pure, and the worker's alone: a file that the page had too would become a chunk that a classic worker cannot load.
 */

export type LanguageCode = "en" | "ru" | "he";

/** The worker's part of each language's catalogue, put in by the build. */
export interface NoticeWords {
  readonly direction: "ltr" | "rtl";
  readonly level: Readonly<Record<string, string>>;
  readonly cause: Readonly<Record<string, string>>;
  readonly test: string;
  readonly testHint: string;
  readonly ended: string;
  readonly endedHint: string;
  readonly unknown: string;
  readonly unknownHint: string;
}

/** `renotify`: a worse level rings again though it replaces what stood there; not yet in TypeScript's library. */
export interface Shown {
  readonly title: string;
  readonly options: NotificationOptions & { readonly renotify: boolean };
}

/** As the hub writes it; what is missing is empty. */
interface Notice {
  readonly kind: string;
  readonly level: string;
  readonly source: string;
  readonly camera: string;
  readonly incident_id: string;
  readonly at: number;
  readonly zone: string;
}

const NO_NOTICE: Notice = { kind: "", level: "", source: "", camera: "", incident_id: "", at: 0, zone: "" };
const TEST = "test";
/** The worker's own: this browser is told nothing any more. */
export const ENDED = "ended";

/** The notification for what came. Nothing is thrown: a browser takes silence for misuse and says something of its own. */
export function wordNotice(payload: string, words: NoticeWords, language: LanguageCode): Shown {
  const notice = read(payload);
  const { kind, level, source, camera, incident_id: incidentId } = notice;
  const common = { icon: "icon-192.png", badge: "icon-192.png", lang: language, dir: words.direction, renotify: true };
  if (kind === TEST) return { title: words.test, options: { ...common, body: words.testHint, tag: TEST, data: "#/notifications" } };
  if (kind === ENDED) return { title: words.ended, options: { ...common, body: words.endedHint, tag: ENDED, data: "#/notifications" } };
  if (source === "" || incidentId === "") {
    return { title: words.unknown, options: { ...common, body: words.unknownHint, tag: "unknown", data: "#/events" } };
  }
  return {
    title: `${said(words.level, level)}: ${isolate(camera || source)}`,
    options: {
      ...common,
      body: bodyOf(notice, words, language),
      tag: `${source} ${incidentId}`,
      requireInteraction: level === "CRITICAL",
      data: `#/events/${[...source.split("/"), incidentId].map(encodeURIComponent).join("/")}`,
    },
  };
}

function bodyOf({ kind, zone, at }: Notice, words: NoticeWords, language: LanguageCode): string {
  const time = at > 0 ? new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(at * 1000) : "";
  return [said(words.cause, kind), zone === "" ? "" : isolate(zone), time].filter((part) => part !== "").join(" · ");
}

function read(payload: string): Notice {
  try {
    const value: unknown = JSON.parse(payload);
    const found = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
    const known = Object.entries(NO_NOTICE).map(([key, none]) => [key, typeof found[key] === typeof none ? found[key] : none]);
    return Object.fromEntries(known) as Notice;
  } catch {
    return NO_NOTICE;
  }
}

/** A word of an open vocabulary; one that is not in it stays as it came. */
function said(vocabulary: Readonly<Record<string, string>>, word: string): string {
  return Object.hasOwn(vocabulary, word) ? (vocabulary[word] ?? word) : word;
}

/** Foreign text cannot turn the line around (UAX #9). */
function isolate(text: string): string {
  return `\u2068${text.replace(/[\u202a-\u202e\u2066-\u2069]/gu, "")}\u2069`;
}
