/** Why something was not done; what came in English is marked as such. */

import type { JSX } from "preact";
import type { Refusal } from "../wire/hub";
import { useLanguage } from "./context";
import { reasonOf, wordReason, type Reason } from "./refusal";

export function Why({ refusal }: { readonly refusal: Refusal }): JSX.Element {
  return <ReasonText reason={reasonOf(refusal)} />;
}

export function ReasonText({ reason }: { readonly reason: Reason }): JSX.Element {
  const { said, detail } = wordReason(reason, useLanguage().words);
  return (
    <>
      {said}
      {said !== "" && detail !== "" && " "}
      {detail !== "" && <Detail words={detail} />}
    </>
  );
}

/** What the hub, an edge or a camera said itself. */
export function Detail({ words }: { readonly words: string }): JSX.Element {
  return (
    <bdi lang="en" dir="ltr" class="detail">
      {words}
    </bdi>
  );
}
