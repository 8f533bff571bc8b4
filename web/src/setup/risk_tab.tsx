/** The risk policy: how much each cause weighs, from where the levels hold, the hours, and what is news. */

import type { JSX } from "preact";
import { translate } from "../i18n/language";
import { useCamera, useLanguage } from "../ui/context";
import { hrefOf, lastMinute } from "../ui/route";
import { HoursCard } from "./hours";
import { NumberField, Scale, SelectField, usePoints } from "./inputs";
import { NewsCard } from "./news";
import { PlaceFactor } from "./place_form";
import { useProblemAt } from "./problems";
import type { Workbench } from "./use_draft";
import { useSetUpWords } from "./words/words";

const PRESETS = ["home", "shop", "construction", "farm", "border-road"];
const HEAVIEST = 0.99;

/** Causes as people think of them; those that the table does not name come last. */
const GROUPS = {
  seen: ["person", "vehicle", "animal"],
  doing: ["loitering", "running", "intrusion", "approach", "wrong_way", "line_crossing", "stopped", "object_left", "object_removed", "crowd", "convoy"],
  heat: ["warm", "hot", "overheating", "fire"],
  circumstances: ["night", "dark", "unusual", "known_hours"],
} as const;
const RULES = ["loiter_after_s", "linger_after_s", "stopped_after_s", "left_after_s", "running_m_per_s", "crowd_at", "convoy_at", "convoy_gap_m"] as const;

export function RiskTab({ bench }: { readonly bench: Workbench }): JSX.Element {
  const words = useSetUpWords();
  const { words: common } = useLanguage();
  const { policy } = bench;
  const seenAt = useCamera(bench.source)?.observation?.capturedAt;
  const places = [...policy.zones.filter(({ kind }) => kind === "zone"), ...policy.lines].map(({ name }) => name);
  return (
    <div class="cards flow">
      <section class="card form" aria-labelledby="preset-title">
        <h2 id="preset-title">
          {words.risk.preset}
          {seenAt !== undefined && (
            <a class="more" href={hrefOf({ view: "what-if", source: bench.source, at: lastMinute(seenAt) })}>
              {words.whatIf.open}
            </a>
          )}
        </h2>
        <SelectField
          name={words.risk.presetName}
          hint={words.risk.presetHint}
          value={policy.preset}
          onChange={bench.startFrom}
          options={PRESETS.map((preset) => [preset, translate(common.control.policy, preset)])}
        />
      </section>
      <LevelsCard bench={bench} />
      <HoursCard bench={bench} />
      {Object.entries(GROUPS).map(([group, causes]) => (
        <section key={group} class="card" aria-labelledby={`weights-${group}`}>
          <h2 id={`weights-${group}`}>{words.risk.group[group as keyof typeof GROUPS]}</h2>
          {causes.map((cause) => (
            <Weight key={cause} bench={bench} cause={cause} />
          ))}
        </section>
      ))}
      {places.length > 0 && (
        <section class="card" aria-labelledby="quiet-title">
          <h2 id="quiet-title">{words.risk.places}</h2>
          <p class="quiet hint">{words.risk.placesHint}</p>
          {places.map((name) => (
            <PlaceFactor key={name} bench={bench} name={name} title={name} />
          ))}
        </section>
      )}
      <NewsCard bench={bench} />
      <RulesCard bench={bench} />
    </div>
  );
}

function Weight({ bench, cause }: { readonly bench: Workbench; readonly cause: string }): JSX.Element {
  const { words } = useLanguage();
  const points = usePoints();
  const { saved, policy } = bench;
  const usual = saved.usual.weights[cause] ?? 0;
  const before = saved.policy.weights[cause] ?? usual;
  return (
    <Scale
      name={translate(words.cause, cause)}
      value={policy.weights[cause] ?? usual}
      most={HEAVIEST}
      step={0.01}
      words={points(policy.weights[cause] ?? usual)}
      usual={before}
      onChange={(weight) => bench.change({ weights: { ...policy.weights, [cause]: weight } }, `weight of ${cause}`)}
    />
  );
}

function LevelsCard({ bench }: { readonly bench: Workbench }): JSX.Element {
  const words = useSetUpWords();
  const { words: common } = useLanguage();
  const points = usePoints();
  const { levels } = bench.policy;
  const rungs = [["watch", "WATCH"], ["alert", "ALERT"], ["critical", "CRITICAL"]] as const;
  const problem = useProblemAt(bench.problems)("levels");
  return (
    <section class="card" aria-labelledby="levels-title">
      <h2 id="levels-title">{words.risk.levels}</h2>
      {rungs.map(([key, level]) => (
        <Scale
          key={key}
          name={translate(common.level, level)}
          value={levels[key]}
          most={1}
          step={0.01}
          words={points(levels[key])}
          usual={bench.saved.policy.levels[key]}
          onChange={(score) => bench.change({ levels: { ...levels, [key]: score } }, key)}
        />
      ))}
      {problem !== "" && <p class="problem">{problem}</p>}
    </section>
  );
}

function RulesCard({ bench }: { readonly bench: Workbench }): JSX.Element {
  const words = useSetUpWords();
  const { policy, saved } = bench;
  const problemAt = useProblemAt(bench.problems);
  return (
    <section class="card form" aria-labelledby="rules-title">
      <h2 id="rules-title">{words.risk.rules}</h2>
      <div class="pair">
        {RULES.map((rule) => (
          <NumberField
            key={rule}
            name={words.rule[rule]}
            value={policy.rules[rule] ?? null}
            placeholder={String(saved.usual.rules[rule] ?? "")}
            problem={problemAt(`rules.${rule}`)}
            onChange={(value) => {
              const { [rule]: _, ...others } = policy.rules;
              bench.change({ rules: value === null ? others : { ...others, [rule]: value } }, rule);
            }}
          />
        ))}
      </div>
    </section>
  );
}
