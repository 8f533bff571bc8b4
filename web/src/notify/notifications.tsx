/** Notifications while the page is closed: this device, and the reader's others. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useApp, useSession } from "../ui/context";
import { Why } from "../ui/why";
import { useSending } from "../ui/sending";
import { fetchPush, pushIdOf, type PushState } from "../wire/push";
import { ownSubscription } from "./browser";
import { DeviceRow } from "./device_row";
import { ThisDevice } from "./this_device";
import { useNotifyWords } from "./words/use_words";

/** What the hub knows of the reader's devices, and which of them this one is. */
interface Known extends PushState {
  /** Empty while this browser has no subscription. */
  readonly ownId: string;
}

export function NotificationsView(): JSX.Element {
  const words = useNotifyWords();
  const { hub } = useApp().monitor;
  const isIn = useSession().kind === "in";
  const [known, setKnown] = useState<Known | null>(null);
  const { refusal, send: load } = useSending(() => fetchPush(hub), (state) => void ownId().then((id) => setKnown({ ...state, ownId: id })));
  useEffect(load, [isIn]);
  const own = known?.devices.find(({ pushId }) => pushId === known.ownId) ?? null;
  const others = known?.devices.filter((device) => device !== own) ?? [];
  return (
    <div class="setup notifications">
      <div class="setup-head">
        <h1>{words.title}</h1>
      </div>
      <p class="quiet">{words.hint}</p>
      {refusal !== null && <p class="problem"><Why refusal={refusal} /></p>}
      {known !== null && (
        <div class="cards">
          <ThisDevice key={own?.pushId ?? ""} publicKey={known.publicKey} own={own} onChanged={load} />
          <section class="card" aria-labelledby="others-title">
            <h2 id="others-title">{words.others}</h2>
            {others.length === 0 && <p class="quiet">{words.noOthers}</p>}
            <ul class="rows">
              {others.map((device) => (
                <DeviceRow key={device.pushId} device={device} onGone={load} />
              ))}
            </ul>
          </section>
        </div>
      )}
    </div>
  );
}

async function ownId(): Promise<string> {
  const subscription = await ownSubscription().catch(() => null);
  return subscription === null ? "" : pushIdOf(subscription.endpoint);
}
