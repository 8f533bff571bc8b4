/** Zones, masks and lines: drawn on the picture, listed beside it, each with its rules. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLanguage } from "../ui/context";
import { ToolIcon } from "../ui/icons";
import type { Spot } from "../wire/policy";
import { freeName, removed } from "./draft";
import { begin, isEnough, tapped, type Drawing } from "./drawing";
import { LineForm, ZoneForm } from "./place_form";
import { PlacesBoard } from "./places_board";
import type { Workbench } from "./use_draft";
import { useSetUpWords, type SetUpWords } from "./words/words";

const NEW_ZONE = { labels: [], restricted: false, noStopping: false, directionDeg: null, loiterAfterS: null, crowdAt: null } as const;

export function ZonesTab({ bench }: { readonly bench: Workbench }): JSX.Element {
  const words = useSetUpWords();
  const [chosen, setChosen] = useState("");
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  const { policy } = bench;
  const finish = (drawn: Drawing): void => {
    setDrawing(null);
    if (!isEnough(drawn)) return;
    const name = freeName(policy, words.zones.newName[drawn.kind]);
    bench.change(added(bench, name, drawn));
    setChosen(name);
  };
  const tap = (spot: Spot): void => {
    if (drawing === null) return;
    const { done, ...next } = tapped(drawing, spot);
    if (done) finish(next);
    else setDrawing(next);
  };
  const zone = policy.zones.find(({ name }) => name === chosen);
  const line = policy.lines.find(({ name }) => name === chosen);
  const remove = (): void => {
    bench.change(removed(policy, chosen));
    setChosen("");
  };
  return (
    <div class="workroom">
      <div class="workroom-main">
        {drawing === null ? (
          <DrawButtons onDraw={(kind) => setDrawing(begin(kind))} />
        ) : (
          <DrawingBar drawing={drawing} onFinish={() => finish(drawing)} onCancel={() => setDrawing(null)} />
        )}
        <PlacesBoard
          bench={bench}
          chosen={chosen}
          onChoose={setChosen}
          drawing={drawing}
          onAim={(aim) => setDrawing((now) => (now === null ? null : { ...now, aim }))}
          onTap={tap}
        />
        <p class="quiet hint">{words.zones.hint}</p>
      </div>
      <div class="workroom-side">
        <PlaceList bench={bench} chosen={chosen} onChoose={setChosen} />
        {zone !== undefined && <ZoneForm bench={bench} zone={zone} onRename={setChosen} onRemove={remove} />}
        {line !== undefined && <LineForm bench={bench} line={line} onRename={setChosen} onRemove={remove} />}
      </div>
    </div>
  );
}

function added({ policy }: Workbench, name: string, { kind, spots }: Drawing): Partial<Workbench["policy"]> {
  const [start, end] = spots;
  if (kind === "line" && start !== undefined && end !== undefined) {
    return { lines: [...policy.lines, { name, start, end, labels: [], allowed: "both" }] };
  }
  return { zones: [...policy.zones, { ...NEW_ZONE, name, polygon: spots, kind: kind === "mask" ? "mask" : "zone" }] };
}

function DrawButtons({ onDraw }: { readonly onDraw: (kind: Drawing["kind"]) => void }): JSX.Element {
  const words = useSetUpWords();
  const kinds: readonly Drawing["kind"][] = ["zone", "line", "mask"];
  return (
    <div class="bar-row" role="toolbar" aria-label={words.zones.draw}>
      {kinds.map((kind) => (
        <button key={kind} type="button" class="tool outlined" onClick={() => onDraw(kind)}>
          <ToolIcon tool="add" />
          {words.zones.add[kind]}
        </button>
      ))}
    </div>
  );
}

interface DrawingBarProps {
  readonly drawing: Drawing;
  readonly onFinish: () => void;
  readonly onCancel: () => void;
}

function DrawingBar({ drawing, onFinish, onCancel }: DrawingBarProps): JSX.Element {
  const words = useSetUpWords();
  useEffect(() => {
    const escape = (event: KeyboardEvent): void => void (event.key === "Escape" && onCancel());
    document.addEventListener("keydown", escape);
    return () => document.removeEventListener("keydown", escape);
  });
  return (
    <div class="bar-row drawing-bar">
      <span role="status">{drawing.kind === "line" ? words.zones.drawLine : words.zones.drawZone(drawing.spots.length)}</span>
      <span class="spring" />
      <button type="button" class="tool primary" disabled={!isEnough(drawing)} onClick={onFinish}>
        {words.zones.finish}
      </button>
      <button type="button" class="tool outlined" onClick={onCancel}>
        {words.cancel}
      </button>
    </div>
  );
}

interface PlaceListProps {
  readonly bench: Workbench;
  readonly chosen: string;
  readonly onChoose: (name: string) => void;
}

function PlaceList({ bench, chosen, onChoose }: PlaceListProps): JSX.Element {
  const words = useSetUpWords();
  const { zones, lines } = bench.policy;
  const places = [
    ...zones.map((zone) => ({ name: zone.name, what: whatZone(zone, words), kind: zone.kind === "zone" && zone.restricted ? "restricted" : zone.kind })),
    ...lines.map((line) => ({ name: line.name, what: words.zones.allowed[line.allowed], kind: "line" as const })),
  ];
  return (
    <section class="card" aria-labelledby="places-title">
      <h2 id="places-title">{words.zones.title}</h2>
      {places.length === 0 && <p class="quiet">{words.zones.none}</p>}
      <ul class="rows">
        {places.map(({ name, what, kind }) => (
          <li key={name}>
            <button type="button" class={`row place-row kind-${kind}`} aria-pressed={name === chosen} onClick={() => onChoose(name)}>
              <span class="swatch" aria-hidden="true" />
              <span class="row-words">
                <bdi>{name}</bdi>
                <small>{what}</small>
              </span>
              <Fired bench={bench} name={name} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** "4 → 1": how often a place would have fired, after a rehearsal. */
function Fired({ bench, name }: { readonly bench: Workbench; readonly name: string }): JSX.Element | null {
  const words = useSetUpWords();
  const { number } = useLanguage();
  if (bench.rehearsal === null) return null;
  const before = bench.rehearsal.now.byZone[name] ?? 0;
  const after = bench.rehearsal.then.byZone[name] ?? 0;
  return (
    <span class="chip" title={words.rehearsal.fired(after)}>
      {before === after ? `${number(after)}×` : `${number(before)}× → ${number(after)}×`}
    </span>
  );
}

function whatZone(zone: Workbench["policy"]["zones"][number], words: SetUpWords): string {
  if (zone.kind === "mask") return words.zones.kind.mask;
  return zone.restricted ? words.zones.restricted : zone.noStopping ? words.zones.noStopping : words.zones.kind.zone;
}
