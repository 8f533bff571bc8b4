/** What is wrong with a field in the reader's language, and which field it belongs beside. */

import { isolate, translate, type Language } from "../i18n/language";
import { useLanguage } from "../ui/context";
import type { Problem } from "../wire/hub";
import type { Policy } from "../wire/policy";
import { useSetUpWords, type SetUpWords } from "./words/words";

/** In the reader's language; empty where the page has no words for it and those in English speak. */
export function problemWords({ code, limit }: Problem, { problem }: SetUpWords, { number }: Language): string {
  if (!Object.hasOwn(problem, code)) return "";
  const said = problem[code as keyof SetUpWords["problem"]];
  if (typeof said === "string") return said;
  return limit === null ? "" : said(number(limit, Number.isInteger(limit) ? 0 : 2));
}

/** What is wrong with the field or anything in it; empty when nothing is. */
export function problemAt(problems: readonly Problem[], field: string, words: SetUpWords, language: Language): string {
  const here = problems.filter((problem) => problem.field === field || problem.field.startsWith(`${field}.`));
  return [...new Set(here.map((problem) => problemWords(problem, words, language) || isolate(problem.words)))].join(" ");
}

/** The same in the reader's language. */
export function useProblemAt(problems: readonly Problem[]): (field: string) => string {
  const words = useSetUpWords();
  const language = useLanguage();
  return (field) => problemAt(problems, field, words, language);
}

const PART_OF: Readonly<Record<string, string>> = { thermal_alignment: "alignment" };

/** Where a problem of a policy is, for a place that is beside no field: "zones · Gate". */
export function placeOf({ field }: Problem, { zones, lines }: Policy, words: SetUpWords): string {
  const [part = "", ...rest] = field.split(".");
  const inside = rest.join(".");
  const place = [...zones, ...lines].find(({ name }) => inside === name || inside.startsWith(`${name}.`));
  const what = part === "rules" ? translate(words.rule, inside) : place === undefined ? "" : isolate(place.name);
  return [translate(words.parts, PART_OF[part] ?? part), what].filter((step) => step !== "").join(" · ");
}
