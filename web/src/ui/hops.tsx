/** How old the picture is and, opened, where the time went and what it costs. */

import type { JSX } from "preact";
import { pageClock } from "../state/clock";
import type { Source } from "../wire/messages";
import { useApp, useLanguage, useWorld } from "./context";
import { useDismiss } from "./dismiss";
import type { ShownTruth } from "./truth";

interface HopsProps {
  readonly source: Source;
  readonly truth: ShownTruth;
}

export function Hops({ source, truth }: HopsProps): JSX.Element {
  const { words, number } = useLanguage();
  const { monitor } = useApp();
  const { detail } = truth;
  const misunderstood = useWorld((world) => world.broken + world.skipped);
  const dismissible = useDismiss();
  const kilobytes = monitor.traffic.perMinute(pageClock.now()) / 1000;
  return (
    <details ref={dismissible} class="hops">
      <summary class={truth.stale ? "age old" : "age"} aria-label={`${words.age.title}: ${truth.age}`}>
        {truth.age}
      </summary>
      <div class="hops-panel">
        <dl class="hops-list">
          <Hop name={words.age.camera} seconds={detail?.edgeS ?? null} />
          <Hop name={words.age.network} seconds={detail?.networkS ?? null} />
          <Hop name={words.age.page} seconds={detail?.pageS ?? null} />
          <Hop name={words.age.roundTrip} seconds={monitor.roundTripS} />
          <dt>{words.age.skipped}</dt>
          <dd>{number(monitor.skippedOf(source))}</dd>
          {misunderstood > 0 && (
            <>
              <dt>{words.age.misunderstood}</dt>
              <dd>{number(misunderstood)}</dd>
            </>
          )}
          <dt>{words.age.received}</dt>
          <dd>
            <bdi>
              {kilobytes < 1000 ? words.age.kilobytes(number(kilobytes)) : words.age.megabytes(number(kilobytes / 1000, 1))}
            </bdi>
          </dd>
        </dl>
        {detail !== null && !detail.exact && <p class="quiet">{words.age.uncompared}</p>}
      </div>
    </details>
  );
}

function Hop({ name, seconds }: { readonly name: string; readonly seconds: number | null }): JSX.Element {
  const { shortDuration } = useLanguage();
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <bdi>{seconds === null ? "–" : shortDuration(seconds)}</bdi>
      </dd>
    </>
  );
}
