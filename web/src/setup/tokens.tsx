/** Tokens of devices and programs: made, renewed, taken away. A secret is shown once. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { isolate } from "../i18n/language";
import { useApp, useLanguage } from "../ui/context";
import { TextField } from "../ui/field";
import { reasonWords } from "../ui/refusal";
import { Why } from "../ui/why";
import { useSending } from "../ui/sending";
import { createToken, fetchTokens, revokeToken, rotateToken, type Token } from "../wire/people";
import { readRole, ROLES } from "../wire/session";
import { Confirm } from "./confirm";
import { SelectField } from "./inputs";
import { useListing } from "./listing";
import { useSetUpWords } from "./words/words";

/** A secret and what it is for. */
interface Shown {
  readonly label: string;
  readonly secret: string;
}

export function TokensCard(): JSX.Element {
  const words = useSetUpWords();
  const { hub } = useApp().monitor;
  const { items, refusal, reload } = useListing(() => fetchTokens(hub));
  const [shown, setShown] = useState<Shown | null>(null);
  const show = (label: string, secret: string): void => {
    setShown({ label, secret });
    reload();
  };
  return (
    <section class="card" aria-labelledby="tokens-title">
      <h2 id="tokens-title">{words.tokens.title}</h2>
      <p class="quiet">{words.tokens.hint}</p>
      {shown !== null && <Secret key={shown.secret} shown={shown} onClose={() => setShown(null)} />}
      {refusal !== null && <p class="problem"><Why refusal={refusal} /></p>}
      <ul class="rows">
        {(items ?? []).map((token) => (
          <TokenRow key={token.tokenId} token={token} onSecret={show} onGone={reload} />
        ))}
      </ul>
      {items?.length === 0 && <p class="quiet">{words.tokens.none}</p>}
      <NewTokenForm onSecret={show} />
    </section>
  );
}

interface TokenRowProps {
  readonly token: Token;
  readonly onSecret: (label: string, secret: string) => void;
  readonly onGone: () => void;
}

function TokenRow({ token, onSecret, onGone }: TokenRowProps): JSX.Element {
  const words = useSetUpWords();
  const { words: common, dateTime } = useLanguage();
  const { hub } = useApp().monitor;
  const rotating = useSending(() => rotateToken(hub, token.tokenId), (secret) => onSecret(token.label, secret));
  const revoking = useSending(() => revokeToken(hub, token.tokenId), onGone);
  const refusal = rotating.refusal ?? revoking.refusal;
  return (
    <li class="row">
      <span class="row-words">
        <bdi>{token.label === "" ? token.tokenId : token.label}</bdi>
        <small>
          {token.role !== null ? common.session.role[token.role] : token.edgeId !== null ? words.tokens.ofEdge(isolate(token.edgeId)) : words.tokens.anyEdge}
          {" · "}
          {token.lastUsedAt === null ? words.tokens.unused : words.tokens.used(dateTime(token.lastUsedAt))}
        </small>
        {refusal !== null && <span class="problem"><Why refusal={refusal} /></span>}
      </span>
      {token.founding ? (
        <span class="chip" title={words.tokens.foundingHint}>
          {words.tokens.founding}
        </span>
      ) : (
        <span class="row-tools">
          <Confirm words={words.tokens.rotate} ask={words.tokens.rotateSure} disabled={rotating.sending} onConfirm={rotating.send} />
          <Confirm words={words.tokens.revoke} ask={words.tokens.revokeSure} danger disabled={revoking.sending} onConfirm={revoking.send} />
        </span>
      )}
    </li>
  );
}

/** Seen once: after that only its digest is left, in the hub. */
function Secret({ shown: { label, secret }, onClose }: { readonly shown: Shown; readonly onClose: () => void }): JSX.Element {
  const words = useSetUpWords();
  const [copied, setCopied] = useState<"" | "yes" | "no">("");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(secret);
      setCopied("yes");
    } catch {
      setCopied("no");
    }
  };
  return (
    <div class="secret" role="alert">
      <strong>{words.tokens.secretOf(isolate(label))}</strong>
      <p>{words.tokens.once}</p>
      <code class="code" dir="ltr">
        {secret}
      </code>
      <div class="bar-row">
        <button type="button" class="tool primary" onClick={() => void copy()}>
          {words.tokens.copy}
        </button>
        <button type="button" class="tool outlined" onClick={onClose}>
          {words.tokens.noted}
        </button>
        <output>{copied === "yes" ? words.tokens.copied : copied === "no" ? words.tokens.notCopied : ""}</output>
      </div>
    </div>
  );
}

/** What a token is for, besides the roles of programs. */
const EDGE = "edge";

function NewTokenForm({ onSecret }: { readonly onSecret: (label: string, secret: string) => void }): JSX.Element {
  const words = useSetUpWords();
  const { words: common } = useLanguage();
  const { hub } = useApp().monitor;
  const [label, setLabel] = useState("");
  const [holder, setHolder] = useState(EDGE);
  const [edgeId, setEdgeId] = useState("");
  const creating = useSending(
    () => createToken(hub, { label: label.trim(), edgeId: edgeId.trim(), role: holder === EDGE ? "" : readRole(holder) }),
    (secret) => {
      onSecret(label, secret);
      setLabel("");
      setEdgeId("");
    },
  );
  const wrong = (field: string): string => (creating.refusal?.field === field ? reasonWords(creating.refusal, common) : "");
  const elsewhere = creating.refusal !== null && !["label", "edge_id"].includes(creating.refusal.field);
  const submit = (event: Event): void => {
    event.preventDefault();
    creating.send();
  };
  return (
    <form class="form inline-form" onSubmit={submit} aria-label={words.tokens.create}>
      <TextField name={words.tokens.label} value={label} onInput={setLabel} problem={wrong("label")} maxLength={60} required />
      <SelectField
        name={words.tokens.holder}
        value={holder}
        onChange={setHolder}
        options={[[EDGE, words.tokens.edge], ...ROLES.map((role) => [role, words.tokens.program(common.session.role[role])] as const)]}
      />
      {holder === EDGE && <TextField name={words.pairing.edgeId} value={edgeId} onInput={setEdgeId} problem={wrong("edge_id")} required />}
      <button type="submit" class="tool primary" aria-disabled={creating.sending}>
        {words.tokens.create}
      </button>
      {elsewhere && creating.refusal !== null && <p class="problem"><Why refusal={creating.refusal} /></p>}
    </form>
  );
}
