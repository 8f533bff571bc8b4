/** Of what a device is told: level, cameras, quiet hours. */

import type { JSX } from "preact";
import { translate } from "../i18n/language";
import { SpanInput } from "../setup/hours";
import { Check, SelectField } from "../setup/inputs";
import { useLanguage, useWorld } from "../ui/context";
import type { Rules } from "../wire/push";
import { useNotifyWords } from "./words/use_words";

const LEVELS = ["WATCH", "ALERT", "CRITICAL"];
const NIGHT = "22:00-07:00";

export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** What a new device is told. */
export function usualRules(): Rules {
  return { level: "ALERT", cameras: [], quiet: "", timezone: browserZone() };
}

interface RulesFieldsProps {
  readonly rules: Rules;
  readonly onChange: (rules: Rules) => void;
}

export function RulesFields({ rules, onChange }: RulesFieldsProps): JSX.Element {
  const words = useNotifyWords();
  const { words: common } = useLanguage();
  const zone = rules.timezone === "" ? "UTC" : rules.timezone;
  const levels = LEVELS.includes(rules.level) ? LEVELS : [rules.level, ...LEVELS];
  return (
    <>
      <SelectField
        name={words.level}
        value={rules.level}
        onChange={(level) => onChange({ ...rules, level })}
        options={levels.map((level) => [level, common.events.atLeast(translate(common.level, level))])}
      />
      <CamerasField rules={rules} onChange={onChange} />
      <Check
        name={words.quiet}
        hint={words.quietHint(zone)}
        checked={rules.quiet !== ""}
        onChange={(quiet) => onChange({ ...rules, quiet: quiet ? NIGHT : "", timezone: browserZone() })}
      />
      {rules.quiet !== "" && <SpanInput name={words.quiet} span={rules.quiet} onChange={(quiet) => onChange({ ...rules, quiet })} />}
    </>
  );
}

/** A camera that the hub no longer knows stays in the choice until somebody takes it out. */
function CamerasField({ rules, onChange }: RulesFieldsProps): JSX.Element {
  const words = useNotifyWords();
  const cameras = useWorld((world) => world.cameras);
  const offered = new Set([...cameras.keys(), ...rules.cameras]);
  const toggle = (source: string): void => {
    const others = rules.cameras.filter((each) => each !== source);
    onChange({ ...rules, cameras: others.length < rules.cameras.length ? others : [...others, source] });
  };
  return (
    <fieldset class="labels">
      <legend>{words.cameras}</legend>
      <div class="bar-row">
        <button type="button" class="tool pill" aria-pressed={rules.cameras.length === 0} onClick={() => onChange({ ...rules, cameras: [] })}>
          {words.all}
        </button>
        {[...offered].map((source) => (
          <button key={source} type="button" class="tool pill" aria-pressed={rules.cameras.includes(source)} onClick={() => toggle(source)}>
            <bdi>{cameras.get(source)?.name ?? source}</bdi>
          </button>
        ))}
      </div>
    </fieldset>
  );
}
