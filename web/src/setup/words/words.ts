/** The words of the set-up in the reader's language: they come with it, not with the page. */

import { useLanguage } from "../../ui/context";
import type { LanguageCode } from "../../i18n/language";
import { en } from "./en";
import { he } from "./he";
import { ru } from "./ru";

export type SetUpWords = typeof en;

const CATALOGUES: Readonly<Record<LanguageCode, SetUpWords>> = { en, ru, he };

export function useSetUpWords(): SetUpWords {
  return CATALOGUES[useLanguage().code];
}
