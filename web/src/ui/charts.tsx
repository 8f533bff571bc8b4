/** When there is much going on: by hour and by weekday, and how far back that is known. */

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { pageClock } from "../state/clock";
import { COMMAND, mergeAll, type Incident } from "../state/incidents";
import { countBars, GROUPINGS, meanBars, MEASURES, type Bars, type Grouping, type Measure } from "../state/figures";
import type { Sample } from "../wire/history";
import { BarChart } from "./bar_chart";
import { Choice } from "./choice";
import { useApp, useLanguage, useWorld } from "./context";
import { TrafficCard } from "./traffic";

interface Record {
  readonly incidents: readonly Incident[];
  readonly samples: readonly Sample[];
}

export function Charts(): JSX.Element {
  const { words } = useLanguage();
  const cameras = useWorld((world) => world.cameras);
  const [source, setSource] = useState("");
  const [measure, setMeasure] = useState<Measure>("events");
  const [grouping, setGrouping] = useState<Grouping>("hour");
  const record = useRecord(source);
  const figures = useMemo(() => figuresOf(record, measure, grouping), [record, measure, grouping]);
  return (
    <section class="charts-view" aria-labelledby="charts-title">
      <h1 id="charts-title">{words.charts.title}</h1>
      <div class="card">
        <div class="chart-choices">
          <Choice name={words.events.camera} value={source} onChange={setSource}>
            {[...cameras.values()].map((camera) => [camera.source, camera.name])}
          </Choice>
          <Segments names={MEASURES} words={words.charts.measure} value={measure} onChange={setMeasure} label={words.charts.what} />
          <Segments names={GROUPINGS} words={words.charts.grouping} value={grouping} onChange={setGrouping} label={words.charts.by} />
        </div>
        <BarChart bars={figures.bars} grouping={grouping} digits={measure === "events" ? 0 : 1} />
        <Reach measure={measure} record={record} since={figures.since} />
      </div>
      <TrafficCard />
    </section>
  );
}

/** How far back the data goes: it is no more than that. */
function Reach({ measure, record, since }: { readonly measure: Measure; readonly record: Record; readonly since: number | null }): JSX.Element {
  const { words, dateTime, duration } = useLanguage();
  if (since === null) return <p class="quiet">{words.charts.nothing}</p>;
  return (
    <p class="quiet">
      {measure === "events"
        ? words.charts.counted(words.events.count(record.incidents.length), dateTime(since))
        : words.charts.averaged(duration(record.samples.length), dateTime(since))}
    </p>
  );
}

function figuresOf({ incidents, samples }: Record, measure: Measure, grouping: Grouping): { bars: Bars; since: number | null } {
  if (measure !== "events") {
    return { bars: meanBars(samples, measure, grouping), since: earliest(samples.map(({ at }) => at)) };
  }
  const beginnings = incidents.map(({ openedAt }) => openedAt);
  const since = earliest(beginnings);
  const now = pageClock.now();
  return { bars: countBars(beginnings, grouping, since ?? now, now), since };
}

function earliest(times: readonly number[]): number | null {
  return times.length === 0 ? null : times.reduce((first, at) => Math.min(first, at));
}

function useRecord(source: string): Record {
  const { monitor } = useApp();
  const [record, setRecord] = useState<Record>({ incidents: [], samples: [] });
  useEffect(() => {
    let gone = false;
    void monitor.remember(source).then(({ events, samples }) => {
      if (gone) return;
      setRecord({ incidents: mergeAll(events).filter(({ kind }) => kind !== COMMAND), samples });
    });
    return () => void (gone = true);
  }, [monitor, source]);
  return record;
}

interface SegmentsProps<N extends string> {
  readonly names: readonly N[];
  readonly words: Readonly<{ [name in N]: string }>;
  readonly value: N;
  readonly onChange: (name: N) => void;
  readonly label: string;
}

function Segments<N extends string>({ names, words, value, onChange, label }: SegmentsProps<N>): JSX.Element {
  return (
    <span class="segments" role="group" aria-label={label}>
      {names.map((name) => (
        <button key={name} type="button" class="segment" aria-pressed={value === name} onClick={() => onChange(name)}>
          {words[name]}
        </button>
      ))}
    </span>
  );
}
