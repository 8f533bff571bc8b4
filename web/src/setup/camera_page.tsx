/** One camera's set-up: its tabs work on one draft, and one bar saves it. */

import type { JSX } from "preact";
import { useCamera, useLanguage } from "../ui/context";
import { ToolIcon } from "../ui/icons";
import { Why } from "../ui/why";
import { CAMERA_TABS, hrefOfPlace, type CameraTab } from "../ui/route";
import type { Source } from "../wire/messages";
import { DistanceTab } from "./distance_tab";
import { RehearsalCard } from "./rehearsal";
import { RiskTab } from "./risk_tab";
import { SaveBar } from "./save_bar";
import { Tabs } from "./tabs";
import { ThermalTab } from "./thermal_tab";
import { useDraft, type Workbench } from "./use_draft";
import { VersionsTab } from "./versions_tab";
import { useSetUpWords } from "./words/words";
import { ZonesTab } from "./zones_tab";

export function CameraPage({ source, tab }: { readonly source: Source; readonly tab: CameraTab }): JSX.Element {
  const words = useSetUpWords();
  const name = useCamera(source)?.name ?? source;
  return (
    <>
      <div class="setup-head">
        <a class="back" href={hrefOfPlace({ section: "cameras" })}>
          <ToolIcon tool="back" />
          {words.cameras.all}
        </a>
        <h1 dir="auto">{name}</h1>
      </div>
      <Tabs
        label={words.camera.tabs}
        names={CAMERA_TABS}
        words={words.camera.tab}
        current={tab}
        hrefOf={(each) => hrefOfPlace({ section: "camera", source, tab: each })}
      />
      <Work source={source} tab={tab} />
    </>
  );
}

function Work({ source, tab }: { readonly source: Source; readonly tab: CameraTab }): JSX.Element {
  const { words: common } = useLanguage();
  const words = useSetUpWords();
  const { bench, refusal, again } = useDraft(source);
  if (bench !== null) {
    return (
      <>
        {bench.saved.trouble !== "" && (
          <p class="banner banner-lost">
            {words.camera.trouble} <bdi lang="en">{bench.saved.trouble}</bdi>
          </p>
        )}
        <Tab bench={bench} tab={tab} />
        <RehearsalCard bench={bench} />
        {tab !== "versions" && <SaveBar bench={bench} />}
      </>
    );
  }
  if (refusal === null) return <p class="card empty quiet">{common.session.loading}</p>;
  return (
    <section class="card empty">
      <h2>{words.camera.away}</h2>
      <p class="problem"><Why refusal={refusal} /></p>
      <button type="button" class="tool outlined" onClick={again}>
        {words.again}
      </button>
    </section>
  );
}

function Tab({ bench, tab }: { readonly bench: Workbench; readonly tab: CameraTab }): JSX.Element {
  switch (tab) {
    case "zones":
      return <ZonesTab bench={bench} />;
    case "distance":
      return <DistanceTab bench={bench} />;
    case "thermal":
      return <ThermalTab bench={bench} />;
    case "risk":
      return <RiskTab bench={bench} />;
    case "versions":
      return <VersionsTab bench={bench} />;
  }
}
