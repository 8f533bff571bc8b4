/** How old the picture is and, opened, where the time went: camera, network, page. */

import type { JSX } from "preact";
import { useLanguage } from "./context";
import type { ShownTruth } from "./truth";

export function Hops({ truth }: { readonly truth: ShownTruth }): JSX.Element {
  const { words, duration } = useLanguage();
  const { detail } = truth;
  return (
    <details class="hops">
      <summary class={truth.stale ? "age old" : "age"} aria-label={`${words.age.title}: ${truth.age}`}>
        {truth.age}
      </summary>
      <dl class="hops-list">
        <dt>{words.age.camera}</dt>
        <dd>{detail?.edgeS == null ? "–" : duration(detail.edgeS)}</dd>
        <dt>{words.age.network}</dt>
        <dd>{detail?.networkS == null ? "–" : duration(detail.networkS)}</dd>
        <dt>{words.age.page}</dt>
        <dd>{detail === null ? "–" : duration(detail.pageS)}</dd>
      </dl>
      {detail !== null && !detail.exact && <p class="quiet">{words.age.uncompared}</p>}
    </details>
  );
}
