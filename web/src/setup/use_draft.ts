/** The policy of one camera under work: loaded, changed, checked while it changes, rehearsed, saved. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useApp } from "../ui/context";
import { hrefOfCamera } from "../ui/route";
import { useSending, type Sending } from "../ui/sending";
import type { Answer, Problem, Refusal } from "../wire/hub";
import type { Source } from "../wire/messages";
import type { Policy } from "../wire/policy";
import { checkPolicy, fetchPolicy, overPreset, rehearse, savePolicy, type PolicyState, type Rehearsal } from "../wire/policy_desk";
import { useLatest } from "./latest";
import { changed, differences, draftOf, undone, type Draft, type Part } from "./draft";

const CHECK_AFTER_MS = 400;
const CONFLICT = 409;

/** Everything that the tabs of a camera work with. */
export interface Workbench {
  readonly source: Source;
  readonly saved: PolicyState;
  readonly policy: Policy;
  readonly differs: readonly Part[];
  readonly problems: readonly Problem[];
  readonly canUndo: boolean;
  /** The same `stroke` twice in a row is one step for `undo`. */
  readonly change: (change: Partial<Policy>, stroke?: string) => void;
  readonly undo: () => void;
  readonly discard: () => void;
  readonly startFrom: (preset: string) => void;
  readonly rehearsal: Rehearsal | null;
  /** The draft has changed since it was rehearsed. */
  readonly isOutdated: boolean;
  readonly rehearsing: Sending;
  readonly saving: Saving;
  readonly reload: () => void;
}

export interface Saving {
  readonly sending: boolean;
  readonly refusal: Refusal | null;
  /** The version that was just made; null before. */
  readonly made: number | null;
  /** What somebody else made of the policy meanwhile; null unless a save was refused for it. */
  readonly theirs: PolicyState | null;
  readonly save: (words: string) => void;
  readonly saveOver: (words: string) => void;
  readonly takeTheirs: () => void;
}

export type Loading = { readonly bench: Workbench | null; readonly refusal: Refusal | null; readonly again: () => void };

export function useDraft(source: Source): Loading {
  const { hub } = useApp().monitor;
  const [saved, setSaved] = useState<PolicyState | null>(null);
  const [draft, setDraft] = useState<Draft | null>(null);
  const loading = useSending(() => fetchPolicy(hub, source), (state) => {
    setSaved(state);
    setDraft(draftOf(state.policy));
  });
  useEffect(() => loading.send(), [source]);
  const bench = useWorkbench(source, saved, draft, setSaved, setDraft, loading.send);
  return { bench, refusal: loading.refusal, again: loading.send };
}

function useWorkbench(
  source: Source,
  saved: PolicyState | null,
  draft: Draft | null,
  setSaved: (state: PolicyState) => void,
  setDraft: (step: Draft | ((draft: Draft | null) => Draft | null)) => void,
  reload: () => void,
): Workbench | null {
  const { hub } = useApp().monitor;
  const [rehearsal, setRehearsal] = useState<Rehearsal | null>(null);
  const policy = draft?.policy ?? null;
  const differs = useMemo(() => (saved === null || policy === null ? [] : differences(saved.policy, policy)), [saved, policy]);
  const problems = useProblems(source, policy, differs.length > 0);
  useUnsavedGuard(source, differs.length > 0);
  const rehearsed = useRef<Policy | null>(null);
  const rehearsing = useSending(() => {
    rehearsed.current = policy;
    return rehearse(hub, source, required(policy));
  }, setRehearsal);
  const presetting = useRef("");
  const choosing = useSending(() => overPreset(hub, source, required(policy), presetting.current), (check) => {
    if (check.policy !== null) change(check.policy);
  });
  const change = (step: Partial<Policy>, stroke = ""): void => setDraft((now) => (now === null ? null : changed(now, step, stroke)));
  const adopt = (state: PolicyState): void => {
    setSaved(state);
    setDraft(draftOf(state.policy));
    setRehearsal(null);
  };
  const saving = useSaving(source, saved, policy, adopt);
  if (saved === null || draft === null || policy === null) return null;
  return {
    source,
    saved,
    policy,
    differs,
    problems: saving.refusal === null || saving.refusal.problems.length === 0 ? problems : saving.refusal.problems,
    canUndo: draft.past.length > 0,
    change,
    undo: () => setDraft((now) => (now === null ? null : undone(now))),
    discard: () => adopt(saved),
    startFrom: (preset) => {
      presetting.current = preset;
      choosing.send();
    },
    rehearsal,
    isOutdated: rehearsed.current !== policy,
    rehearsing,
    saving,
    reload,
  };
}

function useSaving(source: Source, saved: PolicyState | null, policy: Policy | null, adopt: (state: PolicyState) => void): Saving {
  const { hub } = useApp().monitor;
  const [theirs, setTheirs] = useState<PolicyState | null>(null);
  const [made, setMade] = useState<number | null>(null);
  const wish = useRef({ base: 0, words: "" });
  const refresh = async (then: (state: PolicyState) => void): Promise<void> => {
    const answer = await fetchPolicy(hub, source);
    if (answer.ok) then(answer.value);
  };
  const request = useSending(
    async () => {
      const answer = await savePolicy(hub, source, required(policy), wish.current.base, wish.current.words);
      if (!answer.ok && answer.refusal.status === CONFLICT) await refresh(setTheirs);
      return answer;
    },
    (version) => {
      setTheirs(null);
      setMade(version);
      void refresh(adopt);
    },
  );
  useEffect(request.forget, [policy]);
  const send = (base: number, words: string): void => {
    wish.current = { base, words };
    request.send();
  };
  return {
    sending: request.sending,
    refusal: request.refusal,
    made: made === saved?.version && policy === saved.policy ? made : null,
    theirs,
    save: (words) => send(saved?.version ?? 0, words),
    saveOver: (words) => send(theirs?.version ?? 0, words),
    takeTheirs: () => {
      if (theirs !== null) adopt(theirs);
      setTheirs(null);
    },
  };
}

/** What is wrong with the draft, asked a moment after each change. */
function useProblems(source: Source, policy: Policy | null, differs: boolean): readonly Problem[] {
  const { hub } = useApp().monitor;
  const ask = async (): Promise<Answer<readonly Problem[]>> => {
    if (policy === null || !differs) return { ok: true, value: [] };
    const answer = await checkPolicy(hub, source, policy);
    return answer.ok ? { ok: true, value: answer.value.problems } : answer;
  };
  return useLatest(ask, [policy, differs], CHECK_AFTER_MS).value ?? [];
}

/** Neither another view nor a closed tab loses what is not saved without being asked. */
function useUnsavedGuard(source: Source, dirty: boolean): void {
  const { unsaved } = useApp();
  useEffect(() => {
    if (!dirty) return undefined;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    unsaved.set({ within: hrefOfCamera(source), wanted: null });
    window.addEventListener("beforeunload", ask);
    return () => {
      unsaved.set(null);
      window.removeEventListener("beforeunload", ask);
    };
  }, [unsaved, source, dirty]);
}

function required(policy: Policy | null): Policy {
  if (policy === null) throw new Error("expected a loaded policy, got none");
  return policy;
}
