/** When things happened, camera by camera. Time runs in the direction of reading. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Incident } from "../state/incidents";
import { keyOf } from "../state/incidents";
import { lanesOf, type Bar, type Lane } from "../state/timeline";
import { useLanguage, useNow } from "./context";
import { useCameraName, useIncidentWords } from "./incidents";
import { hrefOf } from "./route";

const RANGES_S = { lastHour: 3600, lastDay: 86_400, lastWeek: 604_800 } as const;
type Range = keyof typeof RANGES_S;
const RANGES = Object.keys(RANGES_S) as Range[];
const TICKS = [0, 0.25, 0.5, 0.75, 1];
/** A short incident can still be seen and hit: percent of the lane, and pixels as in the style sheet. */
const LEAST_WIDTH = 0.6;
const LEAST_WIDTH_PX = 5;

export function Timeline({ incidents }: { readonly incidents: readonly Incident[] }): JSX.Element {
  const language = useLanguage();
  const { words } = language;
  const now = useNow(5000);
  const [range, setRange] = useState<Range>("lastHour");
  const lanes = lanesOf(incidents, now, RANGES_S[range]);
  return (
    <section class="card timeline" aria-labelledby="timeline-title">
      <h2 id="timeline-title">
        {words.events.timeline}
        <span class="segments" role="group" aria-label={words.events.range}>
          {RANGES.map((name) => (
            <button key={name} type="button" class="segment" aria-pressed={range === name} onClick={() => setRange(name)}>
              {words.events[name]}
            </button>
          ))}
        </span>
      </h2>
      {lanes.length === 0 && <p class="quiet">{words.events.none}</p>}
      {lanes.map((lane) => (
        <LaneRow key={lane.source} lane={lane} />
      ))}
      {lanes.length > 0 && (
        <div class="lane-ticks" aria-hidden="true">
          {TICKS.map((tick) => (
            <span key={tick}>{language.time(now - RANGES_S[range] * (1 - tick))}</span>
          ))}
        </div>
      )}
    </section>
  );
}

function LaneRow({ lane }: { readonly lane: Lane }): JSX.Element {
  const { words } = useLanguage();
  const camera = useCameraName(lane.source);
  return (
    <div class="lane-row">
      <span class="lane-name">
        <bdi>{camera}</bdi>
      </span>
      <div class="lane" role="list" aria-label={`${camera}: ${words.events.count(lane.bars.length)}`}>
        {lane.bars.map((bar) => (
          <BarLink key={keyOf(bar.incident)} bar={bar} />
        ))}
      </div>
    </div>
  );
}

function BarLink({ bar: { incident, from, to } }: { readonly bar: Bar }): JSX.Element {
  const { time } = useLanguage();
  const what = `${useIncidentWords(incident)} · ${time(incident.openedAt)}`;
  const width = Math.max(LEAST_WIDTH, (to - from) * 100);
  return (
    <span
      class={`lane-bar level-${incident.level.toLowerCase()}`}
      role="listitem"
      style={{ insetInlineStart: `min(${from * 100}%, 100% - max(${width}%, ${LEAST_WIDTH_PX}px))`, inlineSize: `${width}%` }}
    >
      <a
        href={hrefOf({ view: "event", source: incident.source, incidentId: incident.incidentId })}
        title={what}
        aria-label={what}
      />
    </span>
  );
}
