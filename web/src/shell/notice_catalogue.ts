/** The little that the shell worker says by itself, from the catalogues of the page; read by the build. */

import { LANGUAGES, languageOf, type LanguageCode } from "../i18n/language";
import { NOTIFY_WORDS } from "../notify/words/catalogues";
import type { NoticeWords } from "./notice";

export const NOTICE_CATALOGUE = Object.fromEntries(
  LANGUAGES.map((code): [LanguageCode, NoticeWords] => {
    const { direction, words } = languageOf(code);
    return [code, { direction, level: words.level, cause: words.cause, ...NOTIFY_WORDS[code].notice }];
  }),
);
