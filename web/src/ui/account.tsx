/** Who is signed in, with the ways to change the password and to leave. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { isolate } from "../i18n/language";
import { changePassword } from "../wire/session";
import { useApp, useLanguage, useSession } from "./context";
import { TextField } from "./field";
import { reasonWords } from "./refusal";
import { Why } from "./why";
import { useSending } from "./sending";
import { DoorForm, NewPassword } from "./sign_in";

export function Account(): JSX.Element | null {
  const { words } = useLanguage();
  const { keeper } = useApp().monitor;
  const session = useSession();
  const leave = useSending(() => keeper.signOut(), () => location.reload());
  if (session.kind === "open") return <p class="quiet">{words.session.open}</p>;
  if (session.kind !== "in") return null;
  const { name, role } = session.user;
  return (
    <section class="account" aria-label={words.session.account}>
      <p>{words.session.as(isolate(name), words.session.role[role])}</p>
      <PasswordChange />
      <button type="button" class="tool outlined" onClick={leave.send}>
        {words.session.signOut}
      </button>
      {leave.refusal !== null && <p class="problem"><Why refusal={leave.refusal} /></p>}
    </section>
  );
}

function PasswordChange(): JSX.Element {
  const { words } = useLanguage();
  const { hub } = useApp().monitor;
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const [changed, setChanged] = useState(false);
  const { sending, refusal, send } = useSending(
    () => changePassword(hub, old, next),
    () => {
      setOld("");
      setNext("");
      setChanged(true);
    },
  );
  const wrongOld = refusal !== null && (refusal.status === 403 || refusal.field === "old");
  return (
    <details class="password-change">
      <summary>{words.session.change}</summary>
      <DoorForm onSubmit={send} sending={sending} button={words.session.change}>
        <TextField
          name={words.session.old}
          problem={wrongOld ? words.session.wrongOld : ""}
          value={old}
          onInput={setOld}
          kind="password"
          autocomplete="current-password"
          required
        />
        <NewPassword
          name={words.session.next}
          value={next}
          onInput={setNext}
          problem={refusal === null || wrongOld ? "" : reasonWords(refusal, words)}
        />
      </DoorForm>
      <output class="outcome-done">{changed ? words.session.changed : ""}</output>
    </details>
  );
}
