/** Bars in the direction of reading; what was never observed is hatched, which is another thing than none. */

import type { JSX } from "preact";
import type { Bars, Grouping } from "../state/figures";
import { useLanguage } from "./context";
import type { LanguageCode } from "../i18n/language";

/** The day on which the week begins where the language is at home (0 is Sunday). */
const FIRST_DAY: Readonly<Record<LanguageCode, number>> = { en: 0, he: 0, ru: 1 };
/** A Sunday. */
const SOME_SUNDAY = Date.UTC(2023, 0, 1);
const DAY_MS = 86_400_000;

interface BarChartProps {
  readonly bars: Bars;
  readonly grouping: Grouping;
  /** A value in words. */
  readonly say: (value: number) => string;
}

export function BarChart({ bars, grouping, say }: BarChartProps): JSX.Element {
  const { words, code } = useLanguage();
  const highest = Math.max(0, ...bars.map((value) => value ?? 0));
  const first = grouping === "weekday" ? FIRST_DAY[code] : 0;
  const order = bars.map((_, index) => (index + first) % bars.length);
  return (
    <ol class={`bars by-${grouping}`}>
      {order.map((index) => {
        const value = bars[index] ?? null;
        const said = value === null ? words.charts.unknown : say(value);
        return (
          <li key={index} title={`${nameOf(index, grouping, code)}: ${said}`}>
            <span class="column">
              {value === null ? (
                <span class="column-unknown" />
              ) : (
                <span class="column-fill" style={{ blockSize: `${highest === 0 ? 0 : (value / highest) * 100}%` }} />
              )}
            </span>
            <span class="column-name">{nameOf(index, grouping, code)}</span>
            <span class={value !== null && value === highest && highest > 0 ? "column-value" : "visually-hidden"}>{said}</span>
          </li>
        );
      })}
    </ol>
  );
}

function nameOf(index: number, grouping: Grouping, code: LanguageCode): string {
  if (grouping === "hour") return new Intl.NumberFormat(code, { minimumIntegerDigits: 2 }).format(index);
  return new Intl.DateTimeFormat(code, { weekday: "short", timeZone: "UTC" }).format(SOME_SUNDAY + index * DAY_MS);
}
