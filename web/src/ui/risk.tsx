/** How worried to be, and why. */

import type { ComponentChildren, JSX } from "preact";
import { translate } from "../i18n/language";
import type { Factor, RiskView, Source } from "../wire/messages";
import { useLanguage, useMay } from "./context";
import { explain } from "./cause";
import { LevelIcon } from "./icons";
import { trackNumber } from "./labels";
import { hrefOf } from "./route";

/** A half circle around (60, 60) with radius 50, from start to end of reading. */
const ARC = "M10 60a50 50 0 0 1 100 0";
const ARC_LENGTH = Math.PI * 50;

interface RiskCardProps {
  readonly risk: RiskView | null;
  /** Empty while the risk is that of this moment; else what is wrong with the picture that it was judged by. */
  readonly doubt: string;
  readonly children?: ComponentChildren;
}

export function RiskCard({ risk, doubt, children }: RiskCardProps): JSX.Element {
  const { words } = useLanguage();
  return (
    <section class={doubt === "" ? "card" : "card unsure"} aria-labelledby="risk-title">
      <h2 id="risk-title">
        {words.risk.title}
        <Doubt words={doubt} />
      </h2>
      <Gauge risk={risk} />
      <h3>{words.risk.why}</h3>
      <Factors factors={risk?.factors ?? []} score={risk?.score ?? 0} />
      {children}
    </section>
  );
}

/** Says beside a title that what follows is no longer of this moment. */
export function Doubt({ words }: { readonly words: string }): JSX.Element | null {
  return words === "" ? null : <span class="doubt">{words}</span>;
}

/** To the same minute with other weights, for those who may change them; `at` as in the address, null when unknown. */
export function WhatIfLink({ source, at }: { readonly source: Source; readonly at: number | null }): JSX.Element | null {
  const { words } = useLanguage();
  if (!useMay("admin") || at === null) return null;
  return (
    <a class="what-if" href={hrefOf({ view: "what-if", source, at })}>
      {words.risk.whatIf}
    </a>
  );
}

function Gauge({ risk }: { readonly risk: RiskView | null }): JSX.Element {
  const { words, number } = useLanguage();
  const score = risk?.score ?? 0;
  const level = risk?.level ?? "unknown";
  const points = number(Math.round(score * 100));
  const levelWords = translate(words.level, level);
  return (
    <div
      class={`gauge level-${level.toLowerCase()}`}
      role="meter"
      aria-label={words.risk.title}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(score * 100)}
      aria-valuetext={`${words.risk.of100(points)}, ${levelWords}`}
    >
      <svg viewBox="0 0 120 68" aria-hidden="true">
        <path class="gauge-track" d={ARC} />
        <path class="gauge-fill" d={ARC} stroke-dasharray={`${Math.min(1, score) * ARC_LENGTH} ${ARC_LENGTH * 2}`} />
      </svg>
      <div class="gauge-words">
        <strong class="gauge-score">{risk === null ? "–" : points}</strong>
        <span class="gauge-level">
          <LevelIcon level={level} />
          {levelWords}
        </span>
      </div>
    </div>
  );
}

export function Factors({ factors, score }: { readonly factors: readonly Factor[]; readonly score: number }): JSX.Element {
  const { words } = useLanguage();
  const shown = factors.filter((factor) => factor.contribution !== 0);
  if (shown.length === 0) return <p class="quiet">{score > 0 ? words.risk.unexplained : words.risk.nothing}</p>;
  const ordered = [...shown].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  return (
    <ol class="factors">
      {ordered.map((factor) => (
        <FactorRow key={`${factor.cause}/${factor.trackId}/${factor.zone}`} factor={factor} score={score} />
      ))}
    </ol>
  );
}

function FactorRow({ factor, score }: { readonly factor: Factor; readonly score: number }): JSX.Element {
  const language = useLanguage();
  const { words, number, percent } = language;
  const share = score > 0 ? Math.abs(factor.contribution) / score : 0;
  const points = Math.round(factor.contribution * 100);
  const sign = points > 0 ? "+" : points < 0 ? "−" : "";
  return (
    <li class={factor.contribution < 0 ? "factor lowers" : "factor"}>
      <span class="factor-words">
        <bdi>{explain(factor, language)}</bdi>
        {factor.trackId !== null && <bdi class="chip">{trackNumber(factor.trackId)}</bdi>}
      </span>
      <span class="factor-points" title={words.risk.share(percent(share))}>
        <bdi>{`${sign}${number(Math.abs(points))}`}</bdi>
      </span>
      <span class="bar" aria-hidden="true">
        <span class="bar-fill" style={{ inlineSize: `${Math.min(100, share * 100)}%` }} />
      </span>
    </li>
  );
}
