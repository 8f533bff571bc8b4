/** Everything that happened, filtered, and the way to take it along. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { translate } from "../i18n/language";
import { filterIncidents, NO_FILTER, toCsv, UNMARKED, type IncidentFilter } from "../state/filter";
import { MARKS } from "../wire/media";
import { keepInAddress, oneOf, readAddress } from "./address";
import { Choice } from "./choice";
import { useLanguage, useWorld } from "./context";
import { saveCsv } from "./files";
import { ToolIcon } from "./icons";
import { IncidentList } from "./incidents";
import { RANGES, RANGES_S, Timeline, type Range } from "./timeline";
import { useArchive } from "./use_archive";

const USUAL_RANGE: Range = "lastHour";
const LEVELS = ["WATCH", "ALERT", "CRITICAL"];

export function Events(): JSX.Element {
  const { words } = useLanguage();
  const [range, setRange] = useState<Range>(() => oneOf(RANGES, readAddress().get("range"), USUAL_RANGE));
  const { incidents, archive, more, older } = useArchive(RANGES_S[range]);
  const cameras = useWorld((world) => world.cameras);
  const [filter, setFilter] = useState<IncidentFilter>(() => filterOf(readAddress()));
  useEffect(() => keepInAddress({ ...filter, range }, { ...NO_FILTER, range: USUAL_RANGE }), [filter, range]);
  const shown = filterIncidents(incidents, filter);
  const isFiltered = Object.values(filter).some((wish) => wish !== "");
  const change = (part: Partial<IncidentFilter>): void => setFilter({ ...filter, ...part });
  const nameOf = (source: string): string => cameras.get(source)?.name ?? source;
  return (
    <section class="events-view" aria-labelledby="all-events">
      <div class="events-head">
        <h1 id="all-events">{words.events.title}</h1>
        <span class="quiet">{words.events.count(shown.length)}</span>
        <span class="spring" />
        <button type="button" class="tool" disabled={shown.length === 0} onClick={() => saveCsv(toCsv(shown), "events.csv")}>
          <ToolIcon tool="export" />
          <span class="always">{words.events.export}</span>
        </button>
      </div>
      <div class="filters">
        <Choice name={words.events.camera} value={filter.source} onChange={(source) => change({ source })}>
          {distinct(incidents.map((incident) => incident.source)).map((source) => [source, nameOf(source)])}
        </Choice>
        <Choice name={words.events.kind} value={filter.kind} onChange={(kind) => change({ kind })}>
          {distinct(incidents.map((incident) => incident.kind)).map((kind) => [kind, translate(words.cause, kind)])}
        </Choice>
        <Choice name={words.events.level} value={filter.level} onChange={(level) => change({ level })}>
          {LEVELS.map((level) => [level, words.events.atLeast(translate(words.level, level))])}
        </Choice>
        <Choice name={words.events.zone} value={filter.zone} onChange={(zone) => change({ zone })}>
          {distinct(incidents.map((incident) => incident.zone)).map((zone) => [zone, zone])}
        </Choice>
        <Choice name={words.mark.title} value={filter.mark} onChange={(mark) => change({ mark })}>
          {[UNMARKED, ...MARKS].map((mark) => [mark, translate(words.mark.word, mark)])}
        </Choice>
      </div>
      <Timeline incidents={shown} source={filter.source} range={range} onRange={setRange} />
      <div class="card">
        <IncidentList incidents={shown.slice(0, more)} empty={isFiltered ? words.events.noneMatch : words.events.none} />
        {(shown.length > more || !archive.complete) && (
          <button type="button" class="tool outlined more" aria-disabled={archive.loading} onClick={() => older(shown.length)}>
            {archive.loading ? words.events.loading : words.events.older}
          </button>
        )}
      </div>
    </section>
  );
}

function filterOf(address: URLSearchParams): IncidentFilter {
  const told = Object.fromEntries(Object.keys(NO_FILTER).map((key) => [key, address.get(key) ?? ""]));
  return { ...NO_FILTER, ...told };
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)].filter((value) => value !== "").sort();
}
