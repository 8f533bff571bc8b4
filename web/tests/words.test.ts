import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { en } from "../src/i18n/en";
import { he } from "../src/i18n/he";
import { chooseLanguage, isolate, LANGUAGES, languageOf } from "../src/i18n/language";
import { ru } from "../src/i18n/ru";
import { en as setUpEn } from "../src/setup/words/en";
import { NOTIFY_WORDS } from "../src/notify/words/catalogues";
import { he as setUpHe } from "../src/setup/words/he";
import { ru as setUpRu } from "../src/setup/words/ru";
import { explain } from "../src/ui/cause";
import { trackLabel } from "../src/ui/labels";
import { wordReason } from "../src/ui/refusal";
import { readRefusal } from "../src/wire/hub";

const SRC = join(import.meta.dirname, "../src");
/** What is drawn: every file that may hold words, or say them. */
const DRAWN = ["ui", "setup", "notify"].flatMap((room) => readdirSync(join(SRC, room)).map((name) => join(SRC, room, name))).filter((path) => /\.tsx?$/u.test(path));
const JSX_TEXT = /(?<![=-])>([^<>{}()=;]*\p{L}{2,}[^<>{}()=;]*)<\//gu;
const WORDED_ATTRIBUTE = /\b(?:aria-label|title|alt|placeholder)="([^"]*\p{L}[^"]*)"/gu;
const SAME_EVERYWHERE = new Set(["app.name", "unit.celsius", "events.alert", "told"]);

const CATALOGUES = [
  ["the page", "ru", en, ru, /[а-яё]/iu],
  ["the page", "he", en, he, /[א-ת]/u],
  ["the set-up", "ru", setUpEn, setUpRu, /[а-яё]/iu],
  ["the set-up", "he", setUpEn, setUpHe, /[א-ת]/u],
  ["notifications", "ru", NOTIFY_WORDS.en, NOTIFY_WORDS.ru, /[а-яё]/iu],
  ["notifications", "he", NOTIFY_WORDS.en, NOTIFY_WORDS.he, /[א-ת]/u],
] as const;

function leaves(value: object, path = ""): [string, unknown][] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    typeof inner === "object" && inner !== null ? leaves(inner, `${path}${key}.`) : [[`${path}${key}`, inner]],
  ) as [string, unknown][];
}

describe("the catalogue", () => {
  it.each(CATALOGUES)("of %s is wholly translated to %s", (_, __, originals, catalogue, script) => {
    const translated = new Map(leaves(catalogue));
    for (const [key, original] of leaves(originals)) {
      expect(translated.has(key), key).toBe(true);
      const value = translated.get(key);
      if (SAME_EVERYWHERE.has(key)) continue;
      const text = typeof value === "function" ? String((value as (...args: string[]) => unknown)("1", "2", "3")) : value;
      expect(text, key).toMatch(script);
      expect(text, key).not.toBe(original);
    }
  });

  it("holds nothing that no component says", () => {
    const dynamic = /^(?:level|state|label|cause|unit|layer|layerHint|place)\.|^events\.last|^settings\.(?:system|dark|light)|^refusal\.|^events\.figure\.|^events\.figure\.|^control\.(?:name|policy|watch)\.|^mark\.word\.|^charts\.(?:measure|grouping|period)\.|^traffic\.(?:way|what)\.|^session\.role\.|^parts\.|^section\.|^camera\.tab\.|^zones\.(?:add|newName|allowed)\.|^distance\.place\.|^risk\.group\.|^rule\.|^problem\.|^people\.may\.|^notice\.|^why\.|^versions\.who\.|^audit\.(?:deed|result)\./u;
    const files = DRAWN.map((path) => readFileSync(path, "utf8")).join("\n");
    const said = (key: string): boolean => files.includes(`words.${key}`) || files.includes(`common.${key}`);
    const unused = [...leaves(en), ...leaves(setUpEn), ...leaves(NOTIFY_WORDS.en)].filter(([key]) => !dynamic.test(key) && !said(key));
    expect(unused.map(([key]) => key)).toEqual([]);
  });

  it("has no words beside it: no component holds text of its own", () => {
    const found: string[] = [];
    for (const name of DRAWN.filter((path) => path.endsWith(".tsx"))) {
      const source = readFileSync(name, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gmu, "");
      for (const match of [...source.matchAll(JSX_TEXT), ...source.matchAll(WORDED_ATTRIBUTE)]) found.push(`${name}: ${match[1]?.trim()}`);
    }
    expect(found).toEqual([]);
  });

  it("would notice a hard-coded string", () => {
    expect("<p>\n  Hello there\n</p>".match(JSX_TEXT)).toHaveLength(1);
    expect('<p title="Hello">{words.x}</p>'.match(WORDED_ATTRIBUTE)).toHaveLength(1);
  });
});

describe("a language", () => {
  it("is chosen by the first wish that can be met", () => {
    expect(chooseLanguage(["de-DE", "ru-RU", "en"])).toBe("ru");
    expect(chooseLanguage(["iw"])).toBe("he");
    expect(chooseLanguage(["de"])).toBe("en");
  });

  it("never says that a picture is younger than it is", () => {
    const { duration } = languageOf("en");
    expect([0.01, 0.94, 12.4, 130, 7300].map(duration)).toEqual(["0.1 sec", "1.0 sec", "12 sec", "2 min", "2 hr"]);
  });

  it("counts in Russian plurals", () => {
    expect([1, 2, 5, 21].map(ru.events.count)).toEqual(["1 событие", "2 события", "5 событий", "21 событие"]);
  });

  it("isolates foreign text and takes its direction marks away", () => {
    expect(isolate("a\u202eb\u2067")).toBe("\u2068ab\u2069");
  });
});

describe("words about a track and a cause", () => {
  const track = { label: "person", trackId: 7, speed: { value: 18.4, unit: "px/s" }, doing: [], hottestCelsius: null };

  it("say what it does before how fast it is", () => {
    expect(trackLabel(track, languageOf("en"))).toBe("person \u2068#7\u2069 · 18 px/s");
    expect(trackLabel({ ...track, doing: ["wrong_way"] }, languageOf("ru"))).toBe(
      "человек \u2068#7\u2069 · движение против направления",
    );
  });

  it("are the edge's own in English, and worded from the same facts elsewhere", () => {
    const cause = { cause: "loitering", words: "loitering 47 s in Gate", zone: "Gate", value: 47 };
    expect(explain(cause, languageOf("en"))).toBe("loitering 47 s in Gate");
    expect(explain(cause, languageOf("ru"))).toBe("долго на месте · 47 с · \u2068Gate\u2069");
    expect(explain({ ...cause, cause: "comet" }, languageOf("he"))).toBe("loitering 47 s in Gate");
  });
});

describe("a refusal", () => {
  const openapi = JSON.parse(readFileSync(join(import.meta.dirname, "../../docs/ref/openapi.json"), "utf8"));
  const codes: string[] = openapi.components.schemas.Problem.properties.code.enum;

  it.each(LANGUAGES)("of every code that the hub knows has words in %s", (language) => {
    expect(codes.length).toBeGreaterThan(30);
    const known = Object.entries(languageOf(language).words.refusal).filter(([, said]) => said !== "");
    expect(codes.filter((code) => !known.some(([key]) => key === code))).toEqual([]);
  });

  it("is said in the reader's language, with the hub's English beside it only where that says more", () => {
    const { words } = languageOf("ru");
    const taken = { code: "name_taken", detail: "expected a name that nobody has, got 'Dana'" };
    expect(wordReason(taken, words)).toEqual({ said: "Это имя уже занято.", detail: "" });
    const invalid = { code: "invalid", detail: "expected a number, got nothing" };
    expect(wordReason(invalid, words)).toEqual({ said: "Что-то указано неверно.", detail: invalid.detail });
  });

  it("with a code of a later hub is said as it came", () => {
    expect(wordReason({ code: "comet", detail: "a comet came" }, languageOf("he").words)).toEqual({ said: "", detail: "a comet came" });
  });

  it("of something else than the hub is told by its status", async () => {
    const gateway = await readRefusal(new Response("<h1>Bad gateway</h1>", { status: 502, statusText: "Bad Gateway" }));
    expect(gateway).toMatchObject({ code: "unavailable", words: "502 Bad Gateway" });
    const older = await readRefusal(Response.json({ error: { field: "role", expected: "admin", got: "viewer" } }, { status: 403 }));
    expect(older).toMatchObject({ code: "forbidden", words: "expected admin, got viewer" });
  });
});
