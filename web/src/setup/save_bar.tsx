/** What is not saved yet, what is wrong with it, and what can be done: it stays in sight while one works. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { isolate, translate } from "../i18n/language";
import { useLanguage } from "../ui/context";
import { ToolIcon } from "../ui/icons";
import { Detail, Why } from "../ui/why";
import { placeOf, problemWords } from "./problems";
import type { Workbench } from "./use_draft";
import { useSetUpWords } from "./words/words";

const PROBLEMS_SHOWN = 4;

export function SaveBar({ bench }: { readonly bench: Workbench }): JSX.Element {
  const words = useSetUpWords();
  const [note, setNote] = useState("");
  const { differs, saving, rehearsing } = bench;
  const dirty = differs.length > 0;
  useUndoKey(bench);
  const parts = differs.map((part) => words.parts[part]).join(", ");
  const save = (): void => saving.save(note.trim() === "" ? parts : note.trim());
  return (
    <section class="save-bar" aria-label={words.save.title}>
      <Problems bench={bench} />
      {saving.theirs !== null && <Conflict bench={bench} words={note} />}
      <div class="bar-row">
        <span class="save-state" role="status">
          {dirty ? words.save.differs(parts) : saving.made !== null ? words.save.made(saving.made) : words.save.same(bench.saved.version)}
        </span>
        <span class="spring" />
        <button type="button" class="tool outlined" aria-disabled={rehearsing.sending} onClick={rehearsing.send}>
          <ToolIcon tool="play" />
          {rehearsing.sending ? words.rehearsal.running : words.rehearsal.run}
        </button>
        {dirty && (
          <>
            <button type="button" class="tool outlined" disabled={!bench.canUndo} onClick={bench.undo}>
              {words.save.undo}
            </button>
            <button type="button" class="tool outlined" onClick={bench.discard}>
              {words.save.discard}
            </button>
            <span class="save-last">
              <input
                type="text"
                class="save-note"
                aria-label={words.save.note}
                placeholder={words.save.note}
                dir="auto"
                maxLength={200}
                value={note}
                onInput={(event) => setNote(event.currentTarget.value)}
              />
              <button type="button" class="tool primary" aria-disabled={saving.sending} onClick={save}>
                {words.save.save}
              </button>
            </span>
          </>
        )}
      </div>
    </section>
  );
}

/** Ctrl+Z (⌘Z) takes a step back, but in a field that has an undo of its own. */
function useUndoKey(bench: Workbench): void {
  const latest = useRef(bench);
  latest.current = bench; // an effect comes after the paint: a key that is quicker would meet the step before
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const wants = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";
      const { canUndo, undo } = latest.current;
      if (!wants || !canUndo || (event.target as Element).matches('input:not([type="range"], [type="checkbox"])')) return;
      event.preventDefault();
      undo();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

function Problems({ bench }: { readonly bench: Workbench }): JSX.Element | null {
  const words = useSetUpWords();
  const language = useLanguage();
  const { problems, policy, saving } = bench;
  const { refusal } = saving;
  if (problems.length === 0 && (refusal === null || saving.theirs !== null)) return null;
  return (
    <div class="save-problems" role="alert">
      {refusal !== null && <strong>{words.save.refused}</strong>}
      {problems.length === 0 && refusal !== null && <p class="problem"><Why refusal={refusal} /></p>}
      <ul>
        {problems.slice(0, PROBLEMS_SHOWN).map((problem) => (
          <li key={`${problem.field}: ${problem.words}`} class="problem">
            {problem.field !== "" && `${placeOf(problem, policy, words)}: `}
            {problemWords(problem, words, language) || <Detail words={problem.words} />}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Somebody else saved while one worked on an older version. */
function Conflict({ bench, words: note }: { readonly bench: Workbench; readonly words: string }): JSX.Element {
  const words = useSetUpWords();
  const { time } = useLanguage();
  const newest = bench.saving.theirs?.versions[0];
  const text =
    newest === undefined
      ? words.save.conflict
      : words.save.conflictBy(isolate(translate(words.versions.who, newest.by)), time(newest.at), isolate(newest.words));
  return (
    <div class="save-problems" role="alert">
      <p>{text}</p>
      <div class="bar-row">
        <button type="button" class="tool outlined" onClick={() => bench.saving.saveOver(note)}>
          {words.save.saveOver}
        </button>
        <button type="button" class="tool outlined" onClick={bench.saving.takeTheirs}>
          {words.save.takeTheirs}
        </button>
      </div>
    </div>
  );
}
