/** Another device of the reader: of what it is told, and the ways to try and to stop it. */

import type { JSX } from "preact";
import { isolate, translate } from "../i18n/language";
import { Confirm } from "../setup/confirm";
import { useApp, useLanguage, useWorld } from "../ui/context";
import { Why } from "../ui/why";
import { useSending } from "../ui/sending";
import { forget, type Device } from "../wire/push";
import { TryButton } from "./try_button";
import { useNotifyWords } from "./words/use_words";

export function DeviceRow({ device, onGone }: { readonly device: Device; readonly onGone: () => void }): JSX.Element {
  const words = useNotifyWords();
  const { dateTime } = useLanguage();
  const { hub } = useApp().monitor;
  const name = device.label === "" ? device.pushId.slice(0, 8) : device.label;
  const removing = useSending(() => forget(hub, device.pushId), onGone);
  return (
    <li class="row">
      <span class="row-words">
        <bdi>{name}</bdi>
        <small>{useRulesInWords(device)}</small>
        <small>{words.since(dateTime(device.createdAt))}</small>
        {removing.refusal !== null && <span class="problem"><Why refusal={removing.refusal} /></span>}
      </span>
      <span class="row-tools">
        <TryButton pushId={device.pushId} />
        <Confirm words={words.remove} ask={words.removeSure(isolate(name))} danger disabled={removing.sending} onConfirm={removing.send} />
      </span>
    </li>
  );
}

function useRulesInWords({ rules: { level, cameras, quiet, timezone } }: Device): string {
  const words = useNotifyWords();
  const { words: common, number } = useLanguage();
  const names = useWorld((world) => world.cameras);
  const [only = ""] = cameras;
  const which = cameras.length === 0 ? words.all : cameras.length === 1 ? isolate(names.get(only)?.name ?? only) : words.some(number(cameras.length));
  const told = words.told(common.events.atLeast(translate(common.level, level)), which);
  return quiet === "" ? told : `${told} · ${words.quietFrom(isolate(quiet), isolate(timezone || "UTC"))}`;
}
