/** Two courses of the risk over the same minutes: as it was, and as it would have been. Time runs as the reader reads. */

import type { JSX } from "preact";
import { useLanguage } from "../ui/context";
import type { Spot } from "../wire/policy";
import { useSetUpWords } from "./words/words";

const WIDTH = 600;
const HEIGHT = 120;

interface CourseChartProps {
  readonly now: readonly Spot[];
  readonly then: readonly Spot[];
  /** Scores from which a level holds, drawn as lines. */
  readonly levels?: readonly number[];
}

export function CourseChart({ now, then, levels = [] }: CourseChartProps): JSX.Element {
  const words = useSetUpWords();
  const { number, time } = useLanguage();
  const times = [...now, ...then].map(([at]) => at);
  const first = Math.min(...times);
  const last = Math.max(...times);
  const highest = (course: readonly Spot[]): string => number(Math.round(Math.max(0, ...course.map(([, score]) => score)) * 100));
  if (times.length === 0) return <p class="quiet">{words.chart.nothing}</p>;
  const line = (course: readonly Spot[]): string =>
    course.map(([at, score]) => `${((at - first) / (last - first || 1)) * WIDTH},${HEIGHT * (1 - score)}`).join(" ");
  return (
    <figure class="course" role="img" aria-label={words.chart.alternative(highest(now), highest(then))}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {levels.map((level, index) => (
          <line key={index} class="course-level" x1="0" x2={WIDTH} y1={HEIGHT * (1 - level)} y2={HEIGHT * (1 - level)} />
        ))}
        <polyline class="course-now" points={line(now)} />
        <polyline class="course-then" points={line(then)} />
      </svg>
      <figcaption>
        <span>{time(first)}</span>
        <span class="key key-now">{words.chart.now(highest(now))}</span>
        <span class="key key-then">{words.chart.then(highest(then))}</span>
        <span>{time(last)}</span>
      </figcaption>
    </figure>
  );
}
