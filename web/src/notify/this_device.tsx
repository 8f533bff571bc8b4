/** This browser: allowed or not, its rules, a test, and the end of it. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { useApp } from "../ui/context";
import { TextField } from "../ui/field";
import { Why } from "../ui/why";
import { tellEndpoint } from "../shell/registration";
import { useSending } from "../ui/sending";
import { forget, subscribe, type Device, type Rules } from "../wire/push";
import { allow, deviceName, ownSubscription, possibility, type Possibility } from "./browser";
import { RulesFields, usualRules } from "./rules_form";
import { TryButton } from "./try_button";
import { useNotifyWords } from "./words/use_words";

/** Characters; the hub's limit. */
const LABEL_LIMIT = 120;

interface ThisDeviceProps {
  readonly publicKey: string;
  /** Null while it is told nothing. */
  readonly own: Device | null;
  readonly onChanged: () => void;
}

export function ThisDevice({ publicKey, own, onChanged }: ThisDeviceProps): JSX.Element {
  const words = useNotifyWords();
  const [possible, setPossible] = useState(possibility);
  return (
    <section class="card" aria-labelledby="here-title">
      <h2 id="here-title">{words.here}</h2>
      <p role="status">{own === null ? words.off : words.on}</p>
      {possible !== "yes" && <p class="problem">{words.why[possible]}</p>}
      {canTry(possible) && <DeviceForm publicKey={publicKey} own={own} onChanged={onChanged} onPossible={setPossible} />}
      {own !== null && <OwnTools own={own} onGone={onChanged} />}
    </section>
  );
}

/** The rest takes another address, another browser, or its settings. */
function canTry(possible: Possibility): boolean {
  return possible === "yes" || possible === "dismissed" || possible === "service";
}

interface DeviceFormProps extends ThisDeviceProps {
  readonly onPossible: (possible: Possibility) => void;
}

function DeviceForm({ publicKey, own, onChanged, onPossible }: DeviceFormProps): JSX.Element {
  const words = useNotifyWords();
  const { hub } = useApp().monitor;
  const [label, setLabel] = useState(own?.label ?? deviceName(navigator.userAgent));
  const [rules, setRules] = useState<Rules>(own?.rules ?? usualRules());
  const [asking, setAsking] = useState(false);
  const [saved, setSaved] = useState(false);
  const given = useRef<PushSubscription | null>(null);
  const { sending, refusal, send } = useSending(
    () => subscribe(hub, given.current as PushSubscription, rules, label.trim()),
    () => {
      setSaved(true);
      void tellEndpoint((given.current as PushSubscription).endpoint);
      onChanged();
    },
  );
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (asking || sending) return;
    setAsking(true);
    const answer = await allow(publicKey);
    setAsking(false);
    onPossible(typeof answer === "string" ? answer : "yes");
    if (typeof answer === "string") return;
    given.current = answer;
    send();
  };
  const change = (next: Rules): void => {
    setSaved(false);
    setRules(next);
  };
  return (
    <form class="form" onSubmit={(event) => void submit(event)} aria-label={words.here}>
      <TextField name={words.name} value={label} onInput={setLabel} maxLength={LABEL_LIMIT} />
      <RulesFields rules={rules} onChange={change} />
      <div class="bar-row">
        <button type="submit" class="tool primary" aria-disabled={asking || sending}>
          {own === null ? words.allow : words.save}
        </button>
        <output class="outcome-done">{saved ? words.saved : ""}</output>
      </div>
      {refusal !== null && <p class="problem"><Why refusal={refusal} /></p>}
    </form>
  );
}

function OwnTools({ own, onGone }: { readonly own: Device; readonly onGone: () => void }): JSX.Element {
  const words = useNotifyWords();
  const { hub } = useApp().monitor;
  const stopping = useSending(
    () => forget(hub, own.pushId),
    () => {
      void tellEndpoint("");
      void unsubscribe().then(onGone);
    },
  );
  return (
    <div class="row-tools own-tools">
      <TryButton pushId={own.pushId} />
      <button type="button" class="tool outlined danger" aria-disabled={stopping.sending} onClick={stopping.send}>
        {words.stop}
      </button>
      {stopping.refusal !== null && <p class="problem"><Why refusal={stopping.refusal} /></p>}
    </div>
  );
}

/** The hub knows already; a browser that fails to forget will be told nothing either. */
async function unsubscribe(): Promise<void> {
  await (await ownSubscription())?.unsubscribe().catch(() => false);
}
