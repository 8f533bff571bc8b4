/** The set-up: its sections, and the question before unsaved work is left behind. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useStore } from "../state/store";
import { useApp } from "../ui/context";
import { hrefOfPlace, type SetUpPlace } from "../ui/route";
import { AuditSection } from "./audit";
import { CameraPage } from "./camera_page";
import { CamerasSection } from "./cameras";
import { DevicesSection } from "./devices";
import { PeopleSection } from "./people";
import { Tabs } from "./tabs";
import { useSetUpWords } from "./words/words";

const SECTIONS = ["cameras", "devices", "people", "audit"] as const;

export function SetUpView({ place }: { readonly place: SetUpPlace }): JSX.Element {
  return (
    <div class="setup">
      {place.section !== "camera" && <Sections place={place} />}
      <Section place={place} />
      <LeaveQuestion />
    </div>
  );
}

function Sections({ place }: { readonly place: SetUpPlace }): JSX.Element {
  const words = useSetUpWords();
  return (
    <>
      <div class="setup-head">
        <h1>{words.title}</h1>
      </div>
      <Tabs
        label={words.title}
        names={SECTIONS}
        words={words.section}
        current={place.section}
        hrefOf={(section) => hrefOfPlace(section === "devices" ? { section, code: "" } : { section })}
      />
    </>
  );
}

function Section({ place }: { readonly place: SetUpPlace }): JSX.Element {
  switch (place.section) {
    case "camera":
      return <CameraPage key={place.source} source={place.source} tab={place.tab} />;
    case "devices":
      return <DevicesSection code={place.code} />;
    case "people":
      return <PeopleSection />;
    case "audit":
      return <AuditSection />;
    default:
      return <CamerasSection />;
  }
}

/** Stands between unsaved work and the address that somebody wanted to go to. */
function LeaveQuestion(): JSX.Element | null {
  const words = useSetUpWords();
  const { unsaved } = useApp();
  const kept = useStore(unsaved, (value) => value);
  const dialog = useRef<HTMLDialogElement>(null);
  const wanted = kept?.wanted ?? null;
  useEffect(() => {
    if (wanted !== null) dialog.current?.showModal();
  }, [wanted]);
  if (kept === null || wanted === null) return null;
  const stay = (): void => unsaved.set({ ...kept, wanted: null });
  const leave = (): void => {
    unsaved.set(null);
    location.hash = wanted;
  };
  return (
    <dialog ref={dialog} class="card door" aria-labelledby="leave-title" onCancel={stay}>
      <h2 id="leave-title">{words.leave.title}</h2>
      <p class="quiet">{words.leave.hint}</p>
      <div class="bar-row">
        <button type="button" class="tool primary" autoFocus onClick={stay}>
          {words.leave.stay}
        </button>
        <button type="button" class="tool outlined danger" onClick={leave}>
          {words.leave.go}
        </button>
      </div>
    </dialog>
  );
}
