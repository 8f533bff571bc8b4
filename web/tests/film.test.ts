import { describe, expect, it } from "vitest";
import { filterIncidents, NO_FILTER, toJson, UNMARKED } from "../src/state/filter";
import { durationS, FilmTrails, indexAt, openedAtS, openingIndex, seenIn } from "../src/state/film";
import { markIncident, mergeEvents } from "../src/state/incidents";
import { readClip } from "../src/wire/media";
import { readPictures } from "../src/wire/riff";
import { eventOf } from "./world_builder";

const text = (letters: string): number[] => [...letters].map((letter) => letter.charCodeAt(0));
const u32 = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];
const chunk = (name: string, data: number[]): number[] => [
  ...text(name),
  ...u32(data.length),
  ...data,
  ...(data.length % 2 === 1 ? [0] : []),
];
const list = (name: string, data: number[]): number[] => chunk("LIST", [...text(name), ...data]);
const bytesOf = (...numbers: number[]): ArrayBuffer => new Uint8Array(numbers).buffer;
const avi = (...pictures: number[][]): number[] =>
  chunk("RIFF", [
    ...text("AVI "),
    ...list("hdrl", chunk("avih", [1, 2, 3])),
    ...list("movi", pictures.flatMap((picture) => chunk("00dc", picture))),
    ...chunk("idx1", [9, 9]),
  ]);

describe("an AVI", () => {
  it("gives its pictures in order, of odd length as well, and nothing else", () => {
    const pictures = readPictures(bytesOf(...avi([1, 2, 3], [4, 5])));
    expect(pictures.map((picture) => [...picture])).toEqual([[1, 2, 3], [4, 5]]);
  });

  it("that is cut or none is refused", () => {
    expect(() => readPictures(bytesOf(...avi([1, 2, 3]).slice(0, -14)))).toThrow(/avi\./u);
    expect(() => readPictures(bytesOf(...text("RIFF"), ...u32(4), ...text("WAVE")))).toThrow(/kind AVI/u);
    expect(() => readPictures(bytesOf())).toThrow(/kind AVI/u);
  });
});

const track = (trackId: number, x: number) => ({ track_id: trackId, label: "person", box: [x, 0.2, x + 0.1, 0.8] });
const picture = (frameId: number, utc: number, x: number) => ({ frame_id: frameId, utc, bytes: 100, tracks: [track(7, x), track(8, 0)] });
const clip = readClip({ opened: 11, pictures: [picture(10, 100, 0.1), picture(11, 100.5, 0.2), picture(12, 103, 0.3)] });

describe("a clip", () => {
  it("stands at each picture as long as it did in life", () => {
    expect([0, 0.49, 0.5, 2.9, 3, 99].map((at) => indexAt(clip, at))).toEqual([0, 0, 1, 1, 2, 2]);
    expect(durationS(clip)).toBeCloseTo(3.5);
    expect([openedAtS(clip), openingIndex(clip), clip.bytes]).toEqual([0.5, 1, 300]);
  });

  it("shows the way of those whom the incident is about, up to the picture or whole", () => {
    expect(new FilmTrails(clip, [7], false).of(7, 100.5).map(({ x }) => x)).toEqual([expect.closeTo(0.15), expect.closeTo(0.25)]);
    expect(new FilmTrails(clip, [7], true).of(7, 100)).toHaveLength(3);
    expect(new FilmTrails(clip, [7], true).of(8, 200)).toEqual([]);
  });

  it("is drawn with the boxes of its own picture", () => {
    const [incident] = mergeEvents([], [eventOf(1, { trackIds: [7], score: 0.8 })]);
    const [, second] = clip.pictures;
    if (incident === undefined || second === undefined) throw new Error("expected an incident and a picture");
    expect(seenIn(second, incident).tracks).toMatchObject([
      { trackId: 7, risk: 0.8, box: [0.2, 0.2, expect.closeTo(0.3), 0.8] },
      { trackId: 8, risk: 0 },
    ]);
  });

  it("without pictures is refused", () => {
    expect(() => readClip({ opened: 1, pictures: [] })).toThrow(/at least one picture/u);
  });
});

describe("a mark", () => {
  const marked = { type: "marked", source: "house/gate", incidentId: "one", mark: "threat", by: "Dana", at: 500 } as const;
  const incidents = mergeEvents([], [eventOf(1), eventOf(2, { incidentId: "two" })]);

  it("is kept, however often the events come again, and only a later one takes its place", () => {
    const once = markIncident(incidents, marked);
    const again = mergeEvents(once, [eventOf(1), eventOf(3, { phase: "closed" })]);
    const late = markIncident(again, { ...marked, mark: "acknowledged", at: 400 });
    expect(late.find(({ incidentId }) => incidentId === "one")?.mark).toEqual({ mark: "threat", by: "Dana", at: 500 });
    const changed = mergeEvents(late, [eventOf(1, { mark: { mark: "not_a_threat", by: "", at: 600 } })]);
    expect(changed.find(({ incidentId }) => incidentId === "one")?.mark?.mark).toBe("not_a_threat");
  });

  it("is something to filter by, and so is its absence", () => {
    const once = markIncident(incidents, marked);
    const shown = (mark: string): string[] => filterIncidents(once, { ...NO_FILTER, mark }).map(({ incidentId }) => incidentId);
    expect([shown("threat"), shown(UNMARKED), shown("acknowledged")]).toEqual([["one"], ["two"], []]);
  });

  it("goes along with the exported incident", () => {
    const [incident] = markIncident(mergeEvents([], [eventOf(1, { trackIds: [7] })]), marked);
    if (incident === undefined) throw new Error("expected an incident");
    expect(JSON.parse(toJson(incident, ["a"]))).toMatchObject({
      incident_id: "one",
      track_ids: [7],
      opened_at: "1970-01-01T00:01:40.000Z",
      closed_at: null,
      mark: { mark: "threat", by: "Dana", at: "1970-01-01T00:08:20.000Z" },
      media: ["a"],
    });
  });
});

describe("what people told a camera", () => {
  it("is listed for those who ask for it alone", () => {
    const incidents = mergeEvents([], [eventOf(1), eventOf(2, { incidentId: "c", kind: "command" })]);
    expect(filterIncidents(incidents, NO_FILTER).map(({ incidentId }) => incidentId)).toEqual(["one"]);
    expect(filterIncidents(incidents, { ...NO_FILTER, kind: "command" })).toHaveLength(1);
  });
});
