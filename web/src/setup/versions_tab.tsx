/** What the policy was before, who changed it, and the way back. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { isolate, translate } from "../i18n/language";
import { useApp, useLanguage } from "../ui/context";
import { Why } from "../ui/why";
import { useSending } from "../ui/sending";
import { rollBack } from "../wire/policy_desk";
import { Confirm } from "./confirm";
import type { Workbench } from "./use_draft";
import { useSetUpWords } from "./words/words";

export function VersionsTab({ bench }: { readonly bench: Workbench }): JSX.Element {
  const words = useSetUpWords();
  const { dateTime } = useLanguage();
  const { hub } = useApp().monitor;
  const { versions, version: newest } = bench.saved;
  const wanted = useRef(0);
  const [back, setBack] = useState<number | null>(null);
  const { sending, refusal, send } = useSending(
    () => rollBack(hub, bench.source, wanted.current),
    () => {
      setBack(wanted.current);
      bench.reload();
    },
  );
  const goBack = (version: number): void => {
    wanted.current = version;
    send();
  };
  return (
    <section class="card" aria-labelledby="versions-title" aria-busy={sending}>
      <h2 id="versions-title">{words.versions.title}</h2>
      <p role="status" class="outcome-done">
        {back !== null && words.versions.done(back)}
      </p>
      {refusal !== null && <p class="problem"><Why refusal={refusal} /></p>}
      {bench.differs.length > 0 && <p class="quiet">{words.versions.unsaved}</p>}
      {versions.length === 0 && <p class="quiet">{words.versions.none}</p>}
      <ol class="rows">
        {versions.map(({ version, at, by, words: said }) => (
          <li key={version} class="row">
            <strong class="version-number">{words.versions.number(version)}</strong>
            <span class="row-words">
              <bdi>{said === "" ? words.versions.wordless : said}</bdi>
              <small>
                {dateTime(at)}
                {by !== "" && ` · ${isolate(translate(words.versions.who, by))}`}
              </small>
            </span>
            {version === newest ? (
              <span class="chip">{words.versions.current}</span>
            ) : (
              <Confirm words={words.versions.back} ask={words.versions.sure} disabled={sending || bench.differs.length > 0} onConfirm={() => goBack(version)} />
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
