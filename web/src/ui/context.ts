/** What every component may reach: the monitor, the reader's choice, the reader's language. */

import { createContext } from "preact";
import { useContext, useEffect, useMemo, useState } from "preact/hooks";
import { languageOf, type Language } from "../i18n/language";
import type { Monitor } from "../monitor";
import { pageClock } from "../state/clock";
import type { Preferences } from "../state/preferences";
import { may, type Session } from "../state/session";
import { useStore, type Store } from "../state/store";
import { isSparing, type CameraView, type World } from "../state/world";
import type { Source } from "../wire/messages";
import type { Role } from "../wire/session";
import type { Unsaved } from "./route";

export interface Context {
  readonly monitor: Monitor;
  readonly preferences: Store<Preferences>;
  readonly unsaved: Store<Unsaved | null>;
}

export const AppContext = createContext<Context | null>(null);

export function useApp(): Context {
  const context = useContext(AppContext);
  if (context === null) throw new Error("expected an AppContext around the component, got none");
  return context;
}

export function usePreferences(): Preferences {
  return useStore(useApp().preferences, (preferences) => preferences);
}

export function useLanguage(): Language {
  const { language } = usePreferences();
  return useMemo(() => languageOf(language), [language]);
}

export function useSession(): Session {
  return useStore(useApp().monitor.keeper.session, (session) => session);
}

/** Whether whoever uses the page may do what takes `role`. */
export function useMay(role: Role): boolean {
  return may(useSession(), role);
}

export function useWorld<P>(pick: (world: World) => P): P {
  return useStore(useApp().monitor.world, pick);
}

export function useCamera(source: Source): CameraView | undefined {
  return useWorld((world) => world.cameras.get(source));
}

/** Whether boxes over the last still are shown: by choice, or because the link is slow. */
export function useRadar(): boolean {
  const { radar } = usePreferences();
  return useWorld(isSparing) || radar;
}

/** The page's clock, read again every `everyMs`. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(pageClock.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(pageClock.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
