/** The words about notifications, in each language. */

import type { LanguageCode } from "../../i18n/language";
import { en } from "./en";
import { he } from "./he";
import { ru } from "./ru";

export type NotifyWords = typeof en;

export const NOTIFY_WORDS: Readonly<Record<LanguageCode, NotifyWords>> = { en, ru, he };
