/** Who did what, and what came of it: newest first. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Catalogue } from "../i18n/en";
import { translate } from "../i18n/language";
import { useApp, useLanguage } from "../ui/context";
import { Why } from "../ui/why";
import { fetchAudit } from "../wire/people";
import { useListing } from "./listing";
import { useSetUpWords, type SetUpWords } from "./words/words";

const ENTRIES = 300;

export function AuditSection(): JSX.Element {
  const words = useSetUpWords();
  const { time, words: common } = useLanguage();
  const { hub } = useApp().monitor;
  const { items, refusal, reload } = useListing(() => fetchAudit(hub, ENTRIES));
  const [sought, setSought] = useState("");
  const wanted = sought.trim().toLowerCase();
  const entries = (items ?? []).filter(({ who, did, what, outcome }) => `${who} ${did} ${what} ${outcome}`.toLowerCase().includes(wanted));
  return (
    <section class="card audit" aria-labelledby="audit-title">
      <h2 id="audit-title">{words.audit.title}</h2>
      <div class="bar-row">
        <input type="text" dir="auto" aria-label={words.audit.find} placeholder={words.audit.find} value={sought} onInput={(event) => setSought(event.currentTarget.value)} />
        <button type="button" class="tool outlined" onClick={reload}>
          {words.again}
        </button>
      </div>
      {refusal !== null && <p class="problem"><Why refusal={refusal} /></p>}
      {items !== null && entries.length === 0 && <p class="quiet">{words.audit.none}</p>}
      {entries.length > 0 && (
        <div class="table-frame" tabIndex={0} role="region" aria-labelledby="audit-title">
          <table class="receipt">
            <thead>
              <tr>
                <th scope="col">{words.audit.when}</th>
                <th scope="col">{words.audit.who}</th>
                <th scope="col">{words.audit.did}</th>
                <th scope="col">{words.audit.outcome}</th>
              </tr>
            </thead>
            <tbody>
              {entries.map(({ at, who, did, what, outcome }, index) => (
                <tr key={`${at} ${index}`}>
                  <td>{time(at)}</td>
                  <td>
                    <bdi>{translate(words.versions.who, who)}</bdi>
                  </td>
                  <td>
                    <bdi>{deedWords(did, words, common)}</bdi>{" "}
                    <bdi class="quiet" lang="en">
                      {what}
                    </bdi>
                  </td>
                  <td>
                    <OutcomeOf outcome={outcome} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** What the hub calls a deed, and what it calls a command: in the reader's language, or as it came. */
function deedWords(did: string, words: SetUpWords, { control }: Catalogue): string {
  const command = /^command (\w+)$/u.exec(did)?.[1];
  return command === undefined ? translate(words.audit.deed, did) : words.audit.command(translate(control.name, command));
}

/** What the hub calls an outcome, in the reader's language; one that this page does not know as it came. */
function OutcomeOf({ outcome }: { readonly outcome: string }): JSX.Element {
  const words = useSetUpWords();
  const status = /^refused (\d+)$/u.exec(outcome)?.[1];
  if (status !== undefined) return <>{words.audit.refused(status)}</>;
  return Object.hasOwn(words.audit.result, outcome) ? <>{translate(words.audit.result, outcome)}</> : <bdi lang="en">{outcome}</bdi>;
}
