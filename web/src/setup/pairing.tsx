/** A new edge shows a code, as text and as a QR link to this page; whoever sees both lets it in (RFC 8628 in spirit). */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { isolate } from "../i18n/language";
import { useApp, useLanguage } from "../ui/context";
import { TextField } from "../ui/field";
import { Why } from "../ui/why";
import { useSending } from "../ui/sending";
import { fetchPairings, settlePairing, type Pairing } from "../wire/people";
import { useListing } from "./listing";
import { useSetUpWords } from "./words/words";

const AGAIN_MS = 2_000;
const MISSING = 404;

/** `code` is that of the link; may be empty. */
export function PairingCard({ code: given }: { readonly code: string }): JSX.Element {
  const words = useSetUpWords();
  const { hub } = useApp().monitor;
  const { items, refusal, reload } = useListing(() => fetchPairings(hub), AGAIN_MS);
  const [typed, setTyped] = useState(given);
  const [done, setDone] = useState("");
  const waiting = items ?? [];
  const code = typed.trim().toUpperCase();
  const type = (text: string): void => {
    setTyped(text);
    setDone("");
  };
  const settled = (said: string): void => {
    setDone(said);
    setTyped("");
    reload();
  };
  const isKnown = waiting.some((pairing) => pairing.code === code);
  const missing = code.length > 8 && items !== null && !isKnown && done === "" ? words.pairing.unknown : "";
  return (
    <section class="card form" aria-labelledby="pairing-title">
      <h2 id="pairing-title">{words.pairing.title}</h2>
      <p class="quiet">{words.pairing.hint}</p>
      <div class="code-field">
        <TextField name={words.pairing.code} value={typed} onInput={type} problem={missing} maxLength={20} />
      </div>
      {refusal !== null && <p class="problem"><Why refusal={refusal} /></p>}
      <p class="outcome-done" role="status">
        {done}
      </p>
      {items !== null && waiting.length === 0 && <p class="quiet">{words.pairing.none}</p>}
      <ul class="rows">
        {waiting.map((pairing) => (
          <Waiting key={pairing.code} pairing={pairing} meant={pairing.code === code} onSettled={settled} />
        ))}
      </ul>
    </section>
  );
}

interface WaitingProps {
  readonly pairing: Pairing;
  /** Its code is the one of the link, or the one that was typed. */
  readonly meant: boolean;
  readonly onSettled: (words: string) => void;
}

function Waiting({ pairing, meant, onSettled }: WaitingProps): JSX.Element {
  const words = useSetUpWords();
  const { time } = useLanguage();
  const { hub } = useApp().monitor;
  const [edgeId, setEdgeId] = useState(pairing.edgeId);
  const verdict = useRef(true);
  const row = useRef<HTMLLIElement>(null);
  const settling = useSending(
    () => settlePairing(hub, pairing.code, verdict.current ? { approve: true, edge_id: edgeId.trim() } : { approve: false }),
    () => onSettled(verdict.current ? words.pairing.approved(isolate(edgeId)) : words.pairing.denied(isolate(pairing.edgeId))),
  );
  useEffect(() => {
    if (meant) row.current?.scrollIntoView({ block: "nearest" });
  }, [meant]);
  const settle = (approve: boolean): void => {
    verdict.current = approve;
    settling.send();
  };
  const { refusal } = settling;
  return (
    <li ref={row} class={meant ? "row waiting meant" : "row waiting"}>
      <strong class="code" dir="ltr">
        {pairing.code}
      </strong>
      <span class="row-words">
        <bdi>{pairing.name === "" ? pairing.edgeId : pairing.name}</bdi>
        <small>{words.pairing.asks(isolate(pairing.address), time(pairing.at))}</small>
      </span>
      <TextField name={words.pairing.edgeId} value={edgeId} onInput={setEdgeId} />
      <span class="row-tools">
        <button type="button" class="tool primary" aria-disabled={settling.sending} onClick={() => settle(true)}>
          {words.pairing.approve}
        </button>
        <button type="button" class="tool outlined danger" onClick={() => settle(false)}>
          {words.pairing.deny}
        </button>
      </span>
      {refusal !== null && <p class="problem">{refusal.status === MISSING ? words.pairing.unknown : <Why refusal={refusal} />}</p>}
    </li>
  );
}
