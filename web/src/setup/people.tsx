/** People and what each may do. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { isolate } from "../i18n/language";
import { userOf } from "../state/session";
import { useApp, useLanguage, useSession } from "../ui/context";
import { TextField } from "../ui/field";
import { reasonWords } from "../ui/refusal";
import { Why } from "../ui/why";
import { useSending } from "../ui/sending";
import { NewPassword } from "../ui/sign_in";
import { addPerson, changePerson, fetchPeople, removePerson, type Person } from "../wire/people";
import { readRole, ROLES, type Role } from "../wire/session";
import { Confirm } from "./confirm";
import { SelectField } from "./inputs";
import { useListing } from "./listing";
import { useSetUpWords } from "./words/words";

export function PeopleSection(): JSX.Element {
  const words = useSetUpWords();
  const { words: common } = useLanguage();
  const { hub, keeper } = useApp().monitor;
  const me = userOf(useSession())?.name ?? "";
  const { items, refusal, reload } = useListing(() => fetchPeople(hub));
  const changed = (): void => {
    reload();
    void keeper.check();
  };
  return (
    <div class="cards wide">
      <section class="card" aria-labelledby="people-title">
        <h2 id="people-title">{words.people.title}</h2>
        {refusal !== null && <p class="problem"><Why refusal={refusal} /></p>}
        {items?.length === 0 && <p class="quiet">{words.people.none}</p>}
        <ul class="rows">
          {(items ?? []).map((person) => (
            <PersonRow key={person.name} person={person} isMe={person.name === me} onChanged={changed} />
          ))}
        </ul>
        <NewPerson isFirst={items?.length === 0} onAdded={changed} />
      </section>
      <section class="card" aria-labelledby="roles-title">
        <h2 id="roles-title">{words.people.roles}</h2>
        <dl class="roles">
          {ROLES.map((role) => (
            <div key={role}>
              <dt>{common.session.role[role]}</dt>
              <dd class="quiet">{words.people.may[role]}</dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  );
}

interface PersonRowProps {
  readonly person: Person;
  readonly isMe: boolean;
  readonly onChanged: () => void;
}

function PersonRow({ person: { name, role, lastSeenAt }, isMe, onChanged }: PersonRowProps): JSX.Element {
  const words = useSetUpWords();
  const { words: common, dateTime } = useLanguage();
  const { hub } = useApp().monitor;
  const wanted = useRef<Role>(role);
  const changing = useSending(() => changePerson(hub, name, { role: wanted.current }), onChanged);
  const removing = useSending(() => removePerson(hub, name), onChanged);
  const refusal = changing.refusal ?? removing.refusal;
  const setRole = (next: string): void => {
    wanted.current = readRole(next);
    changing.send();
  };
  return (
    <li class="row">
      <span class="row-words">
        <span>
          <bdi>{name}</bdi> {isMe && <span class="chip">{words.people.you}</span>}
        </span>
        <small>{lastSeenAt === null ? words.people.neverSeen : words.people.seen(dateTime(lastSeenAt))}</small>
        {refusal !== null && <span class="problem"><Why refusal={refusal} /></span>}
      </span>
      <select key={`${role} ${refusal === null}`} aria-label={words.people.roleOf(isolate(name))} value={role} onChange={(event) => setRole(event.currentTarget.value)}>
        {ROLES.map((each) => (
          <option key={each} value={each}>
            {common.session.role[each]}
          </option>
        ))}
      </select>
      <span class="row-tools">
        <PasswordReset name={name} />
        {!isMe && (
          <Confirm words={words.people.remove} ask={words.people.sure(isolate(name))} danger disabled={removing.sending} onConfirm={removing.send} />
        )}
      </span>
    </li>
  );
}

function PasswordReset({ name }: { readonly name: string }): JSX.Element {
  const words = useSetUpWords();
  const { words: common } = useLanguage();
  const { hub } = useApp().monitor;
  const [open, setOpen] = useState(false);
  const [password, setPassword] = useState("");
  const resetting = useSending(
    () => changePerson(hub, name, { password }),
    () => {
      setOpen(false);
      setPassword("");
    },
  );
  if (!open) {
    return (
      <button type="button" class="tool outlined" onClick={() => setOpen(true)}>
        {words.people.newPassword}
      </button>
    );
  }
  const submit = (event: Event): void => {
    event.preventDefault();
    resetting.send();
  };
  return (
    <form class="form inline-form" onSubmit={submit} aria-label={words.people.newPasswordOf(isolate(name))}>
      <NewPassword
        name={words.people.newPassword}
        value={password}
        onInput={setPassword}
        problem={resetting.refusal === null ? "" : reasonWords(resetting.refusal, common)}
      />
      <button type="submit" class="tool primary" aria-disabled={resetting.sending}>
        {words.save.save}
      </button>
      <button type="button" class="tool outlined" onClick={() => setOpen(false)}>
        {words.cancel}
      </button>
    </form>
  );
}

function NewPerson({ isFirst, onAdded }: { readonly isFirst: boolean; readonly onAdded: () => void }): JSX.Element {
  const words = useSetUpWords();
  const { words: common } = useLanguage();
  const { hub } = useApp().monitor;
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [password, setPassword] = useState("");
  const given = isFirst ? "admin" : role;
  const adding = useSending(
    () => addPerson(hub, name.trim(), given, password),
    () => {
      setName("");
      setPassword("");
      onAdded();
    },
  );
  const { refusal } = adding;
  const wrong = (field: string): string => (refusal?.field === field ? reasonWords(refusal, common) : "");
  const submit = (event: Event): void => {
    event.preventDefault();
    adding.send();
  };
  return (
    <form class="form inline-form" onSubmit={submit} aria-label={words.people.add}>
      <TextField name={common.session.name} value={name} onInput={setName} problem={wrong("name")} autocomplete="off" maxLength={60} required />
      <SelectField
        name={words.people.role}
        value={given}
        onChange={(next) => setRole(readRole(next))}
        options={(isFirst ? (["admin"] as const) : ROLES).map((each) => [each, common.session.role[each]])}
      />
      <NewPassword value={password} onInput={setPassword} problem={wrong("password")} />
      <button type="submit" class="tool primary" aria-disabled={adding.sending}>
        {words.people.add}
      </button>
      {isFirst && <p class="quiet hint">{words.people.firstHint}</p>}
      {refusal !== null && !["name", "password"].includes(refusal.field) && <p class="problem"><Why refusal={refusal} /></p>}
    </form>
  );
}
