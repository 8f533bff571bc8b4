/** The page: header, banner, one view. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { askToRenew, tellLanguage } from "../shell/registration";
import { savePreferences } from "../state/preferences";
import { AlertVoice } from "./alert_voice";
import { Banner } from "./banner";
import { Charts } from "./charts";
import { AppContext, useApp, useLanguage, usePreferences, useSession, type Context } from "./context";
import { EventPage } from "./event_page";
import { Events } from "./events";
import { Grid } from "./grid";
import { Header } from "./header";
import { Live } from "./live";
import { Notifications, SetUp, WhatIf } from "./later";
import { useRoute, type Route } from "./route";
import { FirstSetUp, SignInAgain, SignInPage } from "./sign_in";
import { UpdateNotice } from "./update_notice";

export function App({ context }: { readonly context: Context }): JSX.Element {
  return (
    <AppContext.Provider value={context}>
      <Page />
    </AppContext.Provider>
  );
}

function Page(): JSX.Element {
  const session = useSession();
  const route = useRoute(useApp().unsaved);
  const { words } = useLanguage();
  useDocumentSettings();
  return (
    <>
      <a class="skip" href="#main" onClick={focusMain}>
        {words.app.skip}
      </a>
      <Header route={route} />
      <Banner />
      <UpdateNotice />
      <main id="main" tabIndex={-1}>
        {session.kind === "out" ? (
          <SignInPage />
        ) : session.kind === "setup" ? (
          <FirstSetUp code={codeOf(route)} />
        ) : (
          <View route={route} />
        )}
      </main>
      <AlertVoice />
      <SignInAgain />
    </>
  );
}

/** The code in the link that a new hub prints. */
function codeOf(route: Route): string {
  return route.view === "setup" && route.place.section === "first" ? route.place.code : "";
}

function View({ route }: { readonly route: Route }): JSX.Element {
  switch (route.view) {
    case "live":
      return <Live source={route.source} />;
    case "grid":
      return <Grid />;
    case "events":
      return <Events />;
    case "charts":
      return <Charts />;
    case "notifications":
      return <Notifications />;
    case "event":
      return <EventPage source={route.source} incidentId={route.incidentId} />;
    case "what-if":
      return <WhatIf key={`${route.source}/${route.at}`} source={route.source} at={route.at} />;
    case "setup":
      return <SetUp place={route.place} />;
  }
}

/** What the reader chose, put into force. Language, direction and theme belong to the document, so that every part of the browser follows them. */
function useDocumentSettings(): void {
  const preferences = usePreferences();
  const { monitor } = useApp();
  const { code, direction, words } = useLanguage();
  const { radar, layers } = preferences;
  useEffect(() => monitor.setRung(radar ? "metadata" : "full"), [monitor, radar]);
  const feels = layers.includes("thermal");
  useEffect(() => (feels ? monitor.feelHeat() : undefined), [monitor, feels]);
  useEffect(() => {
    const root = document.documentElement;
    root.lang = code;
    root.dir = direction;
    root.dataset["theme"] = preferences.theme;
    document.title = words.app.name;
    savePreferences(localStorage, preferences);
  }, [preferences, code, direction, words]);
  useEffect(() => void tellLanguage(code), [code]);
  const { kind } = useSession();
  useEffect(() => {
    if (kind === "in" || kind === "open") void askToRenew();
  }, [kind]);
}

/** The address after `#` is the view, so the link moves the focus itself. */
function focusMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
