/** Before a camera is added: does its address work, seen from the edge, and what else is there? */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { isolate } from "../i18n/language";
import { useApp, useLanguage } from "../ui/context";
import { ToolIcon } from "../ui/icons";
import { Why } from "../ui/why";
import { useSending } from "../ui/sending";
import { findCameras, tryCamera, type Found, type Tried } from "../wire/edges";
import { useSetUpWords } from "./words/words";

/** Opens the address once, from the edge's own place in the network. */
export function Trial({ edgeId, source }: { readonly edgeId: string; readonly source: string }): JSX.Element {
  const words = useSetUpWords();
  const { number } = useLanguage();
  const { hub } = useApp().monitor;
  const [tried, setTried] = useState<{ readonly source: string; readonly result: Tried } | null>(null);
  const trying = useSending(() => tryCamera(hub, edgeId, source), (result) => setTried({ source, result }));
  const result = tried?.source === source ? tried.result : null;
  return (
    <div class="bar-row">
      <button type="button" class="tool outlined" disabled={source === ""} aria-disabled={trying.sending} onClick={trying.send}>
        <ToolIcon tool="play" />
        {words.cameras.try}
      </button>
      <output class={trying.sending ? "outcome outcome-waiting" : result?.ok === false ? "problem" : "outcome-done"}>
        {trying.sending && words.cameras.trying}
        {result?.ok === true && words.cameras.works(number(result.width), number(result.height), number(result.fps, 1))}
        {result?.ok === false && words.cameras.fails(isolate(result.words))}
      </output>
      {trying.refusal !== null && <span class="problem"><Why refusal={trying.refusal} /></span>}
    </div>
  );
}

/** What the edge finds around it. */
export function Search({ edgeId, onUse }: { readonly edgeId: string; readonly onUse: (address: string) => void }): JSX.Element {
  const words = useSetUpWords();
  const { hub } = useApp().monitor;
  const [found, setFound] = useState<Found | null>(null);
  const looking = useSending(() => findCameras(hub, edgeId), setFound);
  return (
    <div class="search">
      <button type="button" class="tool outlined" aria-disabled={looking.sending} onClick={looking.send}>
        <ToolIcon tool="radar" />
        {looking.sending ? words.cameras.looking : words.cameras.look}
      </button>
      {looking.refusal !== null && <span class="problem"><Why refusal={looking.refusal} /></span>}
      {found !== null && (
        <div role="status">
          <p class="quiet hint">{words.cameras.found(found.cameras.length, found.networks.map(isolate).join(", "))}</p>
          <ul class="rows">
            {found.cameras.map(({ host, what, address, advice }) => (
              <li key={`${host} ${address}`} class="row">
                <span class="row-words">
                  <bdi class="address">{address === "" ? host : address}</bdi>
                  <small>
                    <bdi>{what}</bdi> <bdi>{advice}</bdi>
                  </small>
                </span>
                {address !== "" && (
                  <button type="button" class="tool outlined" onClick={() => onUse(address)}>
                    {words.cameras.use}
                  </button>
                )}
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
