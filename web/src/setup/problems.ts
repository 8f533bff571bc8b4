/** Which of the problems belongs beside which field. */

import { isolate } from "../i18n/language";
import type { Problem } from "../wire/hub";

/** What is wrong with the field or anything in it; empty when nothing is. */
export function problemAt(problems: readonly Problem[], field: string): string {
  return problems
    .filter((problem) => problem.field === field || problem.field.startsWith(`${field}.`))
    .map(({ words }) => isolate(words))
    .join(" ");
}
