/** The words about notifications in the reader's language: they come with the view, not with the page. */

import { useLanguage } from "../../ui/context";
import { NOTIFY_WORDS, type NotifyWords } from "./catalogues";

export function useNotifyWords(): NotifyWords {
  return NOTIFY_WORDS[useLanguage().code];
}
