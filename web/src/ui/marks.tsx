/** What people said of an incident, and the buttons to say it. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { isolate, translate } from "../i18n/language";
import type { Incident } from "../state/incidents";
import { NAME_LIMIT } from "../state/preferences";
import { userOf } from "../state/session";
import { MARKS, type MarkWord } from "../wire/media";
import type { Mark } from "../wire/messages";
import type { Outcome } from "./command";
import { useApp, useLanguage, useMay, usePreferences, useSession } from "./context";
import { OutcomeWords } from "./control";
import { MarkIcon } from "./icons";
import { reasonOf } from "./refusal";

export function MarkBadge({ mark }: { readonly mark: Mark }): JSX.Element {
  const { words } = useLanguage();
  return (
    <span class={`badge mark-${mark.mark}`}>
      <MarkIcon mark={mark.mark} />
      <span class="badge-words">{translate(words.mark.word, mark.mark)}</span>
    </span>
  );
}

/** A mark is taken back by another. */
export function MarkCard({ incident }: { readonly incident: Incident }): JSX.Element {
  const { words } = useLanguage();
  const { monitor, preferences } = useApp();
  const { name } = usePreferences();
  const user = userOf(useSession());
  const mayMark = useMay("operator");
  const [outcome, setOutcome] = useState<Outcome>({ kind: "none" });
  const send = async (mark: MarkWord): Promise<void> => {
    setOutcome({ kind: "waiting" });
    const by = user?.name ?? name.trim();
    const answer = await monitor.mark(incident.source, incident.incidentId, mark, by);
    setOutcome(answer.ok ? { kind: "none" } : { kind: "failed", reason: reasonOf(answer.refusal) });
  };
  return (
    <section class="card mark-card" aria-labelledby="mark-title">
      <h2 id="mark-title">{words.mark.ask}</h2>
      {mayMark ? (
      <div class="mark-buttons" role="group" aria-labelledby="mark-title">
        {MARKS.map((mark) => (
          <button
            key={mark}
            type="button"
            class={`tool outlined mark-${mark}`}
            aria-pressed={incident.mark?.mark === mark}
            onClick={() => void send(mark)}
          >
            <MarkIcon mark={mark} />
            {words.mark.word[mark]}
          </button>
        ))}
        {user === null && (
        <label class="mark-name">
          <span>{words.mark.name}</span>
          <input
            type="text"
            maxLength={NAME_LIMIT}
            autocomplete="name"
            dir="auto"
            value={name}
            onInput={(event) => preferences.set({ ...preferences.value, name: event.currentTarget.value })}
          />
        </label>
        )}
      </div>
      ) : (
        <p class="quiet">{words.session.onlyMarks}</p>
      )}
      <p class="marked" role="status">
        {incident.mark !== null && <MarkedWords mark={incident.mark} />}
      </p>
      <OutcomeWords outcome={outcome} />
    </section>
  );
}

function MarkedWords({ mark: { mark, by, at } }: { readonly mark: Mark }): JSX.Element {
  const { words, time } = useLanguage();
  const said = translate(words.mark.word, mark);
  return <>{by === "" ? words.mark.said(said, time(at)) : words.mark.saidBy(said, isolate(by), time(at))}</>;
}
