/** A policy under work: the steps that can be taken back, and which parts differ from what is saved. Pure. */

import type { Policy } from "../wire/policy";

export const PARTS = ["preset", "zones", "lines", "places", "weights", "levels", "hours", "events", "rules", "thermal", "calibration", "alignment"] as const;
export type Part = (typeof PARTS)[number];

export interface Draft {
  readonly policy: Policy;
  /** What it was before each step, oldest first. */
  readonly past: readonly Policy[];
  /** What the last step did: the same again is no step of its own (a drag is one). */
  readonly stroke: string;
}

const PAST_KEPT = 100;

export function draftOf(policy: Policy): Draft {
  return { policy, past: [], stroke: "" };
}

export function changed(draft: Draft, change: Partial<Policy>, stroke: string): Draft {
  const same = stroke !== "" && stroke === draft.stroke;
  const past = same ? draft.past : [...draft.past, draft.policy].slice(-PAST_KEPT);
  return { policy: { ...draft.policy, ...change }, past, stroke };
}

export function undone(draft: Draft): Draft {
  const before = draft.past.at(-1);
  return before === undefined ? draft : { policy: before, past: draft.past.slice(0, -1), stroke: "" };
}

/** The parts in which two policies differ. */
export function differences(one: Policy, other: Policy): readonly Part[] {
  return PARTS.filter((part) => JSON.stringify(one[part]) !== JSON.stringify(other[part]));
}

/** The first of `name 1`, `name 2`… that nothing is called yet. */
export function freeName(policy: Policy, words: (count: number) => string): string {
  const taken = new Set([...policy.zones, ...policy.lines].map(({ name }) => name));
  for (let count = 1; ; count += 1) if (!taken.has(words(count))) return words(count);
}

/** The change that gives a zone or line another name, with what is kept under its name. */
export function renamed(policy: Policy, from: string, to: string): Partial<Policy> {
  const rename = <T extends { readonly name: string }>(all: readonly T[]): readonly T[] =>
    all.map((one) => (one.name === from ? { ...one, name: to } : one));
  const places = Object.fromEntries(Object.entries(policy.places).map(([name, factor]) => [name === from ? to : name, factor]));
  return { zones: rename(policy.zones), lines: rename(policy.lines), places };
}

export function removed(policy: Policy, name: string): Partial<Policy> {
  const { [name]: _, ...places } = policy.places;
  const others = <T extends { readonly name: string }>(all: readonly T[]): readonly T[] => all.filter((one) => one.name !== name);
  return { zones: others(policy.zones), lines: others(policy.lines), places };
}
