/** The name, the views, the connection, and the reader's settings. */

import type { JSX } from "preact";
import { LANGUAGE_NAMES, LANGUAGES, type LanguageCode } from "../i18n/language";
import { isAdmitted } from "../state/session";
import { THEMES, type Theme } from "../state/preferences";
import { Account } from "./account";
import { useApp, useLanguage, useMay, usePreferences, useSession } from "./context";
import { useDismiss } from "./dismiss";
import { useFit } from "./fit";
import { ToolIcon, type Tool } from "./icons";
import { hrefOf, type Route } from "./route";

const SET_UP: Route = { view: "setup", place: { section: "cameras" } };

export function Header({ route }: { readonly route: Route }): JSX.Element {
  const { words } = useLanguage();
  const admitted = isAdmitted(useSession()) || useSession().kind === "ended";
  return (
    <header class="header">
      <a class="brand" href={hrefOf({ view: "live", source: null })} aria-label={words.app.name}>
        <svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
          <path class="logo-ring" d="M12 3a9 9 0 1 0 9 9" />
          <circle class="logo-eye" cx="12" cy="12" r="3.4" />
        </svg>
        <span>{words.app.name}</span>
      </a>
      {admitted ? <Views route={route} /> : <span class="spring" />}
      <Settings admitted={admitted} />
    </header>
  );
}

function Views({ route: { view } }: { readonly route: Route }): JSX.Element {
  const { words, code } = useLanguage();
  const maySetUp = useMay("admin");
  const row = useFit<HTMLElement>(`${code} ${view} ${maySetUp}`);
  return (
    <nav ref={row} class="views" aria-label={words.nav.label}>
      <View to={{ view: "live", source: null }} tool="live" name={words.nav.live} current={view === "live"} />
      <View to={{ view: "grid" }} tool="grid" name={words.nav.grid} current={view === "grid"} />
      <View to={{ view: "events" }} tool="events" name={words.nav.events} current={view === "events" || view === "event"} />
      <View to={{ view: "charts" }} tool="charts" name={words.nav.charts} current={view === "charts"} />
      {maySetUp && <View to={SET_UP} tool="setup" name={words.nav.setup} current={view === "setup"} />}
    </nav>
  );
}

interface ViewProps {
  readonly to: Route;
  readonly tool: Tool;
  readonly name: string;
  readonly current: boolean;
}

function View({ to, tool, name, current }: ViewProps): JSX.Element {
  return (
    <a class="view" href={hrefOf(to)} title={name} aria-current={current ? "page" : undefined}>
      <ToolIcon tool={tool} />
      <span>{name}</span>
    </a>
  );
}

function Settings({ admitted }: { readonly admitted: boolean }): JSX.Element {
  const { words } = useLanguage();
  const { preferences } = useApp();
  const { language, theme } = usePreferences();
  const dismissible = useDismiss();
  return (
    <details ref={dismissible} class="settings">
      <summary class="tool" aria-label={words.settings.title}>
        <ToolIcon tool="settings" />
      </summary>
      <div class="settings-panel">
        <label>
          <span>{words.settings.language}</span>
          <select
            value={language}
            onChange={(event) =>
              preferences.set({ ...preferences.value, language: event.currentTarget.value as LanguageCode })
            }
          >
            {LANGUAGES.map((code) => (
              <option key={code} value={code} lang={code}>
                {LANGUAGE_NAMES[code]}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>{words.settings.theme}</span>
          <select
            value={theme}
            onChange={(event) => preferences.set({ ...preferences.value, theme: event.currentTarget.value as Theme })}
          >
            {THEMES.map((name) => (
              <option key={name} value={name}>
                {words.settings[name]}
              </option>
            ))}
          </select>
        </label>
        {admitted && (
          <a class="tool outlined" href={hrefOf({ view: "notifications" })} onClick={() => dismissible.current?.removeAttribute("open")}>
            {words.nav.notifications}
          </a>
        )}
        <Account />
      </div>
    </details>
  );
}
