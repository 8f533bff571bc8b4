/** Views that few need, loaded when somebody opens them. */

import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Source } from "../wire/messages";
import { useLanguage, useMay } from "./context";
import type { SetUpPlace } from "./route";

type Rooms = typeof import("../setup/rooms");

export function SetUp({ place }: { readonly place: SetUpPlace }): JSX.Element {
  const { words } = useLanguage();
  if (!useMay("admin")) return <p class="card empty quiet">{words.session.onlyAdmin}</p>;
  return <Later pick={(rooms) => rooms.SetUpView} place={place} />;
}

export function WhatIf(minute: { readonly source: Source; readonly at: number }): JSX.Element {
  return <Later pick={(rooms) => rooms.WhatIfView} {...minute} />;
}

export function Notifications(): JSX.Element {
  return <Later pick={(rooms) => rooms.NotificationsView} />;
}

type LaterProps<P> = P & { readonly pick: (rooms: Rooms) => ComponentType<P> };

function Later<P extends object>({ pick, ...props }: LaterProps<P>): JSX.Element {
  const { words } = useLanguage();
  const [rooms, setRooms] = useState<Rooms | "failed" | null>(null);
  useEffect(() => void import("../setup/rooms").then(setRooms, () => setRooms("failed")), []);
  if (rooms === null) return <p class="card empty quiet">{words.session.loading}</p>;
  if (rooms === "failed") return <NotLoaded />;
  const Room = pick(rooms) as ComponentType<object>;
  return <Room {...props} />;
}

/** The hub is away, or was renewed and has other files now than this page knows. */
function NotLoaded(): JSX.Element {
  const { words } = useLanguage();
  return (
    <section class="card empty">
      <p class="quiet">{words.session.notLoaded}</p>
      <button type="button" class="tool outlined" onClick={() => location.reload()}>
        {words.update.reload}
      </button>
    </section>
  );
}
