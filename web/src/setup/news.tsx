/** What opens an incident, and for how long it must hold. */

import type { JSX } from "preact";
import { translate } from "../i18n/language";
import { useLanguage } from "../ui/context";
import type { News } from "../wire/policy";
import { NumberField, SelectField } from "./inputs";
import { useProblemAt } from "./problems";
import type { Workbench } from "./use_draft";
import { useSetUpWords } from "./words/words";

const LEVELS = ["WATCH", "ALERT", "CRITICAL"];
/** It lowers the risk: nothing to tell of. */
const RELIEF = "known_hours";

export function NewsCard({ bench }: { readonly bench: Workbench }): JSX.Element {
  const words = useSetUpWords();
  const { words: common } = useLanguage();
  const { events } = bench.policy;
  const causes = Object.keys(bench.saved.usual.weights).filter((cause) => cause !== RELIEF);
  const set = (change: Partial<News>, stroke = ""): void => bench.change({ events: { ...events, ...change } }, stroke);
  const toggle = (cause: string): void =>
    set({ news: events.news.includes(cause) ? events.news.filter((other) => other !== cause) : [...events.news, cause] });
  const problemAt = useProblemAt(bench.problems);
  const problem = problemAt("events.news");
  return (
    <section class="card form" aria-labelledby="news-title">
      <h2 id="news-title">{words.news.title}</h2>
      <SelectField
        name={words.news.level}
        value={events.level}
        onChange={(level) => set({ level })}
        options={LEVELS.map((level) => [level, common.events.atLeast(translate(common.level, level))])}
      />
      <fieldset class="labels">
        <legend>{words.news.causes}</legend>
        <div class="bar-row">
          {causes.map((cause) => (
            <button key={cause} type="button" class="tool pill" aria-pressed={events.news.includes(cause)} onClick={() => toggle(cause)}>
              {translate(common.cause, cause)}
            </button>
          ))}
        </div>
      </fieldset>
      <div class="pair">
        <NumberField name={words.news.openAfter} value={events.openAfterS} step={0.1} onChange={(value) => set({ openAfterS: value ?? 0 }, "open")} problem={problemAt("events.open_after_s")} />
        <NumberField name={words.news.closeAfter} value={events.closeAfterS} step={1} onChange={(value) => set({ closeAfterS: value ?? 0 }, "close")} problem={problemAt("events.close_after_s")} />
      </div>
      {problem !== "" && <p class="problem">{problem}</p>}
    </section>
  );
}
