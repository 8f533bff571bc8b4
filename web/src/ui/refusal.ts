/** Why something was not done, as a word for the vocabulary of reasons, or in the hub's own English. */

import { isolate, translate } from "../i18n/language";
import type { Catalogue } from "../i18n/en";
import type { Refusal } from "../wire/hub";

export function reasonOf({ status, field, words, problems }: Refusal): string {
  if (problems.length > 0) return problems.map((problem) => problem.words).join(" ");
  if (status === 0 && words === "") return "unreachable";
  if (status === 401) return "signed_out";
  return status === 403 && field === "role" ? "forbidden" : words;
}

/** The same in the reader's language, isolated. */
export function reasonWords(refusal: Refusal, words: Catalogue): string {
  return isolate(translate(words.control.reason, reasonOf(refusal)));
}
