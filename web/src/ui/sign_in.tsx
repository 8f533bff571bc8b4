/** The ways in: signing in, the first administrator, and signing in again over a page that is in use. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Catalogue } from "../i18n/en";
import type { Language } from "../i18n/language";
import type { Answer, Refusal } from "../wire/hub";
import type { User } from "../wire/session";
import { useApp, useLanguage, useSession } from "./context";
import { TextField } from "./field";
import { reasonWords } from "./refusal";
import { TOO_SHORT, useSending } from "./sending";

/** Fills the page while nobody is signed in. */
export function SignInPage(): JSX.Element {
  const { words } = useLanguage();
  return (
    <section class="card door" aria-labelledby="door-title">
      <h1 id="door-title">{words.session.title}</h1>
      <SignInForm name="" />
    </section>
  );
}

/** Lies over a page whose session is over; what is on the page stays. */
export function SignInAgain(): JSX.Element | null {
  const { words } = useLanguage();
  const session = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  const ended = session.kind === "ended";
  useEffect(() => {
    if (ended) dialog.current?.showModal();
  }, [ended]);
  if (!ended) return null;
  return (
    <dialog ref={dialog} class="card door" aria-labelledby="again-title" onCancel={(event) => event.preventDefault()}>
      <h2 id="again-title">{session.user === null ? words.session.closed : words.session.ended}</h2>
      <p class="quiet">{words.session.endedHint}</p>
      <SignInForm name={session.user?.name ?? ""} />
    </dialog>
  );
}

function SignInForm({ name: knownName }: { readonly name: string }): JSX.Element {
  const language = useLanguage();
  const { keeper } = useApp().monitor;
  const [name, setName] = useState(knownName);
  const [password, setPassword] = useState("");
  const { refusal, sending, send } = useSending(() => keeper.signIn({ name: name.trim(), password }));
  const { words } = language;
  return (
    <DoorForm onSubmit={send} sending={sending} button={words.session.signIn}>
      <TextField name={words.session.name} value={name} onInput={setName} autocomplete="username" required autoFocus={knownName === ""} />
      <TextField
        name={words.session.password}
        value={password}
        onInput={setPassword}
        kind="password"
        autocomplete="current-password"
        problem={refusal === null ? "" : whyNot(refusal, language)}
        required
        autoFocus={knownName !== ""}
      />
    </DoorForm>
  );
}

/** `code` comes with the link that the hub printed. */
export function FirstSetUp({ code: givenCode }: { readonly code: string }): JSX.Element {
  const language = useLanguage();
  const { keeper } = useApp().monitor;
  const [code, setCode] = useState(givenCode);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const { words } = language;
  const create = async (): Promise<Answer<User>> => {
    const answer = await keeper.createFirst(code.trim(), { name: name.trim(), password });
    if (answer.ok) location.hash = "#/setup";
    return answer;
  };
  const { refusal, sending, send } = useSending(create);
  const differs = again !== "" && again !== password;
  const at = (field: string): string => (refusal?.field === field ? whyNot(refusal, language) : "");
  const known = ["code", "name", "password"].includes(refusal?.field ?? "");
  return (
    <section class="card door" aria-labelledby="door-title">
      <h1 id="door-title">{words.session.first}</h1>
      <p class="quiet">{words.session.firstHint}</p>
      <DoorForm onSubmit={() => differs || send()} sending={sending} button={words.session.create}>
        <TextField name={words.session.code} hint={words.session.codeHint} problem={at("code")} value={code} onInput={setCode} required />
        <TextField name={words.session.name} problem={at("name")} value={name} onInput={setName} autocomplete="username" required />
        <NewPassword value={password} onInput={setPassword} problem={at("password")} />
        <TextField
          name={words.session.again}
          problem={differs ? words.session.differs : refusal !== null && !known ? whyNot(refusal, language) : ""}
          value={again}
          onInput={setAgain}
          kind="password"
          autocomplete="new-password"
          required
        />
      </DoorForm>
    </section>
  );
}

interface NewPasswordProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly problem?: string;
  readonly name?: string;
}

export function NewPassword({ value, onInput, problem = "", name }: NewPasswordProps): JSX.Element {
  const { words } = useLanguage();
  const short = value !== "" && value.length < TOO_SHORT ? words.session.short : "";
  return (
    <TextField
      name={name ?? words.session.password}
      hint={words.session.short}
      problem={problem || short}
      value={value}
      onInput={onInput}
      kind="password"
      autocomplete="new-password"
      required
    />
  );
}

interface DoorFormProps {
  readonly onSubmit: () => void;
  readonly sending: boolean;
  readonly button: string;
  readonly children: ComponentChildren;
}

export function DoorForm({ onSubmit, sending, button, children }: DoorFormProps): JSX.Element {
  const submit = (event: Event): void => {
    event.preventDefault();
    if (!sending) onSubmit();
  };
  return (
    <form class="form" onSubmit={submit}>
      {children}
      <button type="submit" class="tool primary" aria-disabled={sending}>
        {button}
      </button>
    </form>
  );
}

/** What a refused sign-in means: the wrong words, too many attempts, or a hub that is away. */
function whyNot(refusal: Refusal, { words, duration }: Language): string {
  if (refusal.status === 429) return words.session.wait(duration(refusal.retryAfterS ?? 60));
  if (refusal.status === 401 || refusal.status === 403) return wrongWords(refusal, words);
  return reasonWords(refusal, words);
}

function wrongWords({ field }: Refusal, words: Catalogue): string {
  return field === "code" ? words.session.wrongCode : words.session.wrong;
}
