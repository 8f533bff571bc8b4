/** What the page must say of itself: the hub is away, or only the slow way is open. Says nothing when all is well. */

import type { JSX } from "preact";
import type { Link } from "../state/world";
import { useApp, useLanguage, useNow, useWorld } from "./context";
import { StateIcon } from "./icons";

/** A blink of the network is not worth a word. */
const SAY_AFTER_S = 0.4;

export function Banner(): JSX.Element {
  const { words } = useLanguage();
  const link = useWorld((world) => world.link);
  const now = useNow(500);
  const isBlink = link.kind === "lost" && now - link.since < SAY_AFTER_S;
  return (
    <>
      <p class="visually-hidden" role="status">
        {link.kind === "lost" && !isBlink ? words.state.unreachable : ""}
      </p>
      {link.kind === "open" ? <SlowLink /> : link.kind !== "paused" && !isBlink && <Trouble link={link} now={now} />}
    </>
  );
}

/** How long it lasts changes twice a second: read out is only that it is so. */
function Trouble({ link, now }: { readonly link: Link; readonly now: number }): JSX.Element {
  const { words, duration } = useLanguage();
  const text =
    link.kind === "lost" ? words.link.lost(duration(now - link.since)) : link.kind === "polling" ? words.link.polling : words.link.connecting;
  return (
    <p class={`banner banner-${link.kind}`}>
      <StateIcon state={link.kind === "lost" ? "unreachable" : "connecting"} />
      {text}
    </p>
  );
}

/** Pictures came too late: only boxes are asked for, unless somebody insists. */
function SlowLink(): JSX.Element | null {
  const { words, duration } = useLanguage();
  const { monitor } = useApp();
  const lagS = useWorld((world) => world.slowLinkS);
  const insists = useWorld((world) => world.insists);
  if (lagS === null) return null;
  return (
    <p class="banner banner-slow" role="status">
      <StateIcon state={insists ? "delayed" : "radar"} />
      {insists ? words.link.slowAnyway : words.link.slow(duration(lagS))}
      <button type="button" class="tool outlined" onClick={() => monitor.insist(!insists)}>
        {insists ? words.link.boxesAlone : words.link.pictures}
      </button>
    </p>
  );
}
