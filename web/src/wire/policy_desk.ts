/** What can be asked about a camera's policy: the newest, what a draft would do, saving, going back. */

import { nothing, readProblem, type Answer, type Hub, type Problem } from "./hub";
import type { Source } from "./messages";
import { readPolicy, type Calibration, type Numbers, type Policy, type Spot } from "./policy";
import { placesJson, policyJson } from "./policy_json";
import type { ObjectReader } from "./reader";

export interface Version {
  readonly version: number;
  /** UTC. */
  readonly at: number;
  readonly by: string;
  readonly words: string;
}

export interface PolicyState {
  readonly version: number;
  readonly policy: Policy;
  /** Newest first. */
  readonly versions: readonly Version[];
  /** What holds where the policy says nothing: weights by cause, rules by name. */
  readonly usual: { readonly weights: Numbers; readonly rules: Numbers };
  /** Why the file, as edited by hand, is not followed; empty when it is. */
  readonly trouble: string;
}

export interface RehearsedIncident {
  readonly kind: string;
  readonly zone: string;
  readonly at: number;
  readonly level: string;
  readonly words: string;
}

/** What a policy makes of recorded minutes. */
export interface Outcome {
  readonly incidents: readonly RehearsedIncident[];
  readonly byZone: Numbers;
  readonly byKind: Numbers;
  readonly peak: number;
  /** UTC and score, 0..1. */
  readonly course: readonly Spot[];
}

export interface Rehearsal {
  readonly minutesRecorded: number;
  readonly now: Outcome;
  readonly then: Outcome;
  /** What a rehearsal cannot show, in English. */
  readonly notes: readonly string[];
}

export interface CalibrationCheck {
  readonly ok: boolean;
  readonly words: string;
  /** Lines on the ground one metre apart, in fractions of the image. */
  readonly grid: readonly (readonly Spot[])[];
  /** How exact lengths are, where there is ground: one standard deviation, relative. */
  readonly errors: readonly LengthError[];
}

export const DEPTHS = ["near", "middle", "far"] as const;

export interface LengthError {
  readonly place: (typeof DEPTHS)[number];
  readonly across: number;
  readonly along: number;
}

export interface FactorChange {
  readonly cause: string;
  readonly now: number;
  readonly then: number;
}

export interface WhatIf {
  readonly now: readonly Spot[];
  readonly then: readonly Spot[];
  /** At the moment of the highest score. */
  readonly factors: readonly FactorChange[];
  /** Those in force, of the causes that took part. */
  readonly weights: Numbers;
}

export interface PolicyCheck {
  readonly problems: readonly Problem[];
  /** The whole policy that it makes; null when it is wrong, or the edge does not say. */
  readonly policy: Policy | null;
}

const REHEARSED_MINUTES = 10;

export function fetchPolicy(hub: Hub, source: Source): Promise<Answer<PolicyState>> {
  return hub.call("GET", `api/cameras/${source}/policy`, (answer) => ({
    version: answer.number("version"),
    policy: answer.part("policy", readPolicy),
    versions: [...answer.parts("versions", readVersion)].sort((a, b) => b.version - a.version),
    usual: answer.part("defaults", (usual) => ({
      weights: usual.numberTable("weights"),
      rules: usual.numberTable("rules"),
    })),
    trouble: answer.text("trouble", ""),
  }));
}

export function checkPolicy(hub: Hub, source: Source, policy: Policy): Promise<Answer<PolicyCheck>> {
  return hub.call("POST", `api/cameras/${source}/policy/check`, readCheck, { policy: policyJson(policy) });
}

/** What the policy would be over another preset, with only its own places kept. */
export function overPreset(hub: Hub, source: Source, policy: Policy, preset: string): Promise<Answer<PolicyCheck>> {
  const body = { policy: placesJson(policy, preset) };
  return hub.call("POST", `api/cameras/${source}/policy/check`, readCheck, body);
}

function readCheck(answer: ObjectReader): PolicyCheck {
  return {
    problems: answer.parts("problems", readProblem),
    policy: answer.part<Policy | null>("policy", readPolicy, null),
  };
}

export function rehearse(hub: Hub, source: Source, policy: Policy): Promise<Answer<Rehearsal>> {
  const read = (answer: ObjectReader): Rehearsal => ({
    minutesRecorded: answer.number("minutes_recorded"),
    now: answer.part("now", readOutcome),
    then: answer.part("then", readOutcome),
    notes: answer.texts("notes"),
  });
  const body = { policy: policyJson(policy), minutes: REHEARSED_MINUTES };
  return hub.call("POST", `api/cameras/${source}/policy/rehearsal`, read, body);
}

/** Save over version `base`; refused with 409 when somebody else was faster. Gives the new version. */
export function savePolicy(hub: Hub, source: Source, policy: Policy, base: number, words: string): Promise<Answer<number>> {
  const body = { policy: policyJson(policy), base, words };
  return hub.call("PUT", `api/cameras/${source}/policy`, (answer) => answer.number("version"), body);
}

/** Make what version `version` said hold again, as a new version. */
export function rollBack(hub: Hub, source: Source, version: number): Promise<Answer<null>> {
  return hub.call("POST", `api/cameras/${source}/policy/rollback`, nothing, { version });
}

export function checkCalibration(hub: Hub, source: Source, calibration: Calibration): Promise<Answer<CalibrationCheck>> {
  const read = (answer: ObjectReader): CalibrationCheck => ({
    ok: answer.flag("ok"),
    words: answer.text("words", ""),
    grid: answer.paths("grid"),
    errors: answer.part("error", (errors) => DEPTHS.flatMap((place) => readErrors(errors, place)), []),
  });
  const { corners, sideM, secondM, width, height, clickPx } = calibration;
  const body = { points: corners, side_m: sideM, second_m: secondM, width, height, click_px: clickPx };
  return hub.call("POST", `api/cameras/${source}/calibration/check`, read, body);
}

/** The minute around `at` with other weights. */
export function askWhatIf(hub: Hub, source: Source, at: number, weights: Numbers): Promise<Answer<WhatIf>> {
  const course = (part: ObjectReader): readonly Spot[] => part.spots("course");
  const read = (answer: ObjectReader): WhatIf => ({
    now: answer.part("now", course),
    then: answer.part("then", course),
    factors: answer.parts("factors", (factor) => ({
      cause: factor.text("cause"),
      now: factor.number("now"),
      then: factor.number("then"),
    })),
    weights: answer.numberTable("weights"),
  });
  return hub.call("POST", `api/cameras/${source}/what-if`, read, { at, minutes: 1, weights });
}

function readErrors(errors: ObjectReader, place: LengthError["place"]): readonly LengthError[] {
  const read = (error: ObjectReader): readonly LengthError[] => [
    { place, across: error.number("across"), along: error.number("along") },
  ];
  return errors.part(place, read, []);
}

function readVersion(version: ObjectReader): Version {
  return {
    version: version.number("version"),
    at: version.number("at"),
    by: version.text("by", ""),
    words: version.text("words", ""),
  };
}

function readOutcome(outcome: ObjectReader): Outcome {
  return {
    incidents: outcome.parts("incidents", (incident) => ({
      kind: incident.text("kind"),
      zone: incident.text("zone", ""),
      at: incident.number("at"),
      level: incident.text("level"),
      words: incident.text("words", ""),
    })),
    byZone: outcome.numberTable("by_zone"),
    byKind: outcome.numberTable("by_kind"),
    peak: outcome.number("peak"),
    course: outcome.spots("course"),
  };
}
