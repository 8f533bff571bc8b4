/** When there is much going on: by hour and by weekday, and how far back that is known. */

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { translate } from "../i18n/language";
import { pageClock } from "../state/clock";
import {
  foldHours,
  GROUPINGS,
  hoursToCsv,
  MEASURES,
  PERIODS,
  reachOf,
  speedUnitOf,
  type Measure,
  type Period,
} from "../state/figures";
import type { Refusal } from "../wire/hub";
import { fetchHours, type Hour } from "../wire/statistics";
import { BarChart } from "./bar_chart";
import { keepInAddress, oneOf, readAddress } from "./address";
import { Choice } from "./choice";
import { useApp, useLanguage, useSession, useWorld } from "./context";
import { saveCsv } from "./files";
import { ToolIcon } from "./icons";
import { Segments } from "./segments";
import { Why } from "./why";
import { TrafficCard } from "./traffic";

const DAY_S = 86_400;
const USUAL = { source: "", measure: "events", by: "hour", period: "week" } as const;

export function Charts(): JSX.Element {
  const { words, number } = useLanguage();
  const cameras = useWorld((world) => world.cameras);
  const [address] = useState(readAddress);
  const [source, setSource] = useState(address.get("source") ?? "");
  const [measure, setMeasure] = useState(oneOf(MEASURES, address.get("measure"), USUAL.measure));
  const [grouping, setGrouping] = useState(oneOf(GROUPINGS, address.get("by"), USUAL.by));
  const [period, setPeriod] = useState(oneOf(PERIOD_NAMES, address.get("period"), USUAL.period));
  useEffect(() => keepInAddress({ source, measure, by: grouping, period }, USUAL), [source, measure, grouping, period]);
  const { hours, refusal } = useHours(source, period);
  const bars = useMemo(() => foldHours(hours ?? [], measure, grouping), [hours, measure, grouping]);
  const unit = measure === "speed" ? speedUnitOf(hours ?? []) : null;
  const counts = measure === "events" || measure === "unusual";
  const say = (value: number): string => number(value, counts ? 0 : 1) + (unit === null ? "" : ` ${translate(words.unit, unit)}`);
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
          <Segments names={PERIOD_NAMES} words={words.charts.period} value={period} onChange={setPeriod} label={words.events.range} />
        </div>
        <BarChart bars={bars} grouping={grouping} say={say} />
        {refusal === null ? hours !== null && <Reach measure={measure} hours={hours} /> : <p class="problem"><Why refusal={refusal} /></p>}
      </div>
      <TrafficCard />
    </section>
  );
}

const PERIOD_NAMES = Object.keys(PERIODS) as Period[];

/** How far back the data goes, for it is no more than that, and the way to take it along. */
function Reach({ measure, hours }: { readonly measure: Measure; readonly hours: readonly Hour[] }): JSX.Element {
  const { words, dateTime, duration } = useLanguage();
  const { observedS, since, events } = reachOf(hours);
  if (since === null) return <p class="quiet">{words.charts.nothing}</p>;
  return (
    <div class="reach">
      <p class="quiet">
        {measure === "events"
          ? words.charts.counted(words.events.count(events), dateTime(since))
          : words.charts.averaged(duration(observedS), dateTime(since))}
      </p>
      <button type="button" class="tool" onClick={() => saveCsv(hoursToCsv(hours), "hours.csv")}>
        <ToolIcon tool="export" />
        <span class="always">{words.events.export}</span>
      </button>
    </div>
  );
}

interface Loaded {
  /** Null until they came. */
  readonly hours: readonly Hour[] | null;
  readonly refusal: Refusal | null;
}

/** What the hub counted, while the answer belongs to what was asked last. */
function useHours(source: string, period: Period): Loaded {
  const { hub } = useApp().monitor;
  const session = useSession().kind;
  const [loaded, setLoaded] = useState<Loaded>({ hours: null, refusal: null });
  useEffect(() => {
    let gone = false;
    void fetchHours(hub, source, pageClock.now() - PERIODS[period] * DAY_S).then((answer) => {
      if (!gone) setLoaded(answer.ok ? { hours: answer.value, refusal: null } : { hours: null, refusal: answer.refusal });
    });
    return () => void (gone = true);
  }, [hub, session, source, period]);
  return loaded;
}
