/** Why something was not done, in the reader's language; what the hub or an edge said in English is a detail beside it. */

import { isolate } from "../i18n/language";
import type { Catalogue } from "../i18n/en";
import type { Refusal } from "../wire/hub";

export interface Reason {
  /** A word of the vocabulary of refusals; one that this page does not know leaves the detail to speak. */
  readonly code: string;
  /** In English; may be empty. */
  readonly detail: string;
}

export interface ReasonWords {
  /** In the reader's language; empty where the page has no words for it. */
  readonly said: string;
  /** In English; empty where it would add nothing to what is said. */
  readonly detail: string;
}

/** Codes that say which kind of thing is wrong, but not which thing. */
const VAGUE = new Set(["invalid", "incomplete", "missing", "conflict", "bad_name", "edge_failed", "edge_nonsense", "camera_failed", "switched_off", "store_away", "disk_full", "busy", "garbled"]);

export function reasonOf({ code, words, problems }: Refusal): Reason {
  return { code, detail: problems.length > 0 ? problems.map((problem) => problem.words).join(" ") : words };
}

export function wordReason({ code, detail }: Reason, { refusal }: Catalogue): ReasonWords {
  if (!Object.hasOwn(refusal, code)) return { said: detail === "" ? refusal.failed : "", detail };
  return { said: refusal[code as keyof Catalogue["refusal"]], detail: VAGUE.has(code) ? detail : "" };
}

/** The same as one text, for a place that holds nothing else; the English part is isolated. */
export function reasonWords(refusal: Refusal, words: Catalogue): string {
  const { said, detail } = wordReason(reasonOf(refusal), words);
  return [said, detail === "" ? "" : isolate(detail)].filter((part) => part !== "").join(" ");
}
