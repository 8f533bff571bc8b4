import { afterEach, describe, expect, it, vi } from "vitest";
import { fit } from "../src/draw/fit";
import { placeLabel } from "../src/draw/label_layout";
import { pictureAge } from "../src/state/age";
import { HubClock } from "../src/state/clock";
import { EventArchive } from "../src/archive";
import { linesOf, RiskCourse, silences } from "../src/state/course";
import { filterIncidents, NO_FILTER, toCsv } from "../src/state/filter";
import { mergeEvents } from "../src/state/incidents";
import { loadPreferences } from "../src/state/preferences";
import { lanesOf, outlineOf, traceLanes } from "../src/state/timeline";
import { Traffic } from "../src/state/traffic";
import { truthOf } from "../src/state/truth";
import { applyMessage, EMPTY_WORLD, type CameraView, type World } from "../src/state/world";
import { delayMs } from "../src/wire/backoff";
import { Hub } from "../src/wire/hub";
import type { HubMessage } from "../src/wire/messages";
import { eventOf, observationOf } from "./world_builder";

const told = (...messages: readonly HubMessage[]): World =>
  messages.reduce((world, message) => applyMessage(world, message, 50), EMPTY_WORLD);

describe("the hub's clock", () => {
  it("is taken from the ping with the least delay", () => {
    const clock = new HubClock();
    expect(clock.offsetS).toBeNull();
    clock.add(0, 101, 101, 2);
    clock.add(10, 110.05, 110.05, 10.1);
    clock.add(20, 121, 121, 21);
    expect(clock.offsetS).toBeCloseTo(100);
    expect(clock.delayS).toBeCloseTo(0.1);
  });

  it("forgets what is eight pings old", () => {
    const clock = new HubClock();
    clock.add(0, 5, 5, 0.01);
    for (let at = 1; at <= 8; at += 1) clock.add(at, at + 7.1, at + 7.1, at + 0.2);
    expect(clock.offsetS).toBeCloseTo(7);
  });
});

describe("the age of a picture", () => {
  const stamp = { frameId: 1, capturedAt: 1000, ageAtEdgeS: 0.2, arrivedAt: 500, thumbnail: false };

  it("is a lower bound while the clocks are not compared", () => {
    expect(pictureAge(stamp, 501, null, 3)).toMatchObject({ seconds: 1.2, exact: false, networkS: null });
  });

  it("goes from clock to clock when they are", () => {
    const age = pictureAge(stamp, 501, 400, 100.5);
    expect(age).toMatchObject({ exact: true, edgeS: 0.2, pageS: 1 });
    expect(age.seconds).toBeCloseTo(1.5);
    expect(age.networkS).toBeCloseTo(0.3);
  });

  it("is never less than one clock alone proves", () => {
    expect(pictureAge(stamp, 501, 490, 0).seconds).toBeCloseTo(1.2);
  });
});

describe("the truth of a camera", () => {
  const said = { source: "house/gate", state: "live", since: 1, name: "", detail: "", fps: 9, armed: null, controls: [] };
  const live = told({ type: "status", ...said });
  const camera = live.cameras.get("house/gate") as CameraView;
  const fresh = { seconds: 0.3, exact: true, edgeS: 0, networkS: 0, pageS: 0 };
  const open = { kind: "open" } as const;

  it.each([
    ["live", camera, fresh, "live", false],
    ["delayed", camera, { ...fresh, seconds: 2.1 }, "delayed", true],
    ["connecting before the first picture", camera, null, "connecting", true],
    ["frozen as the edge says", { ...camera, state: "frozen" }, fresh, "frozen", true],
    ["offline with its edge", { ...camera, edgeOnline: false }, fresh, "offline", true],
    ["live when a founding edge never says so", { ...camera, state: "" }, fresh, "live", false],
    ["a word of tomorrow", { ...camera, state: "moved" }, fresh, "moved", false],
  ])("is %s", (_, view, age, state, stale) => {
    expect(truthOf(view, age, open)).toEqual({ state, stale });
  });

  it("is not known when the hub is away", () => {
    expect(truthOf(camera, fresh, { kind: "lost", since: 1 })).toEqual({ state: "unreachable", stale: true });
  });
});

describe("the world", () => {
  const presence = (online: boolean, ...ids: string[]): HubMessage => ({
    type: "presence",
    edgeId: "house",
    online,
    since: 1,
    cameras: ids.map((cameraId) => ({ cameraId, name: cameraId.toUpperCase(), kind: "sim" })),
    clockOffsetS: 0.5,
  });

  it("names cameras, follows their edge, and forgets those that it no longer has", () => {
    const world = told(presence(true, "gate", "yard"), presence(false, "gate"));
    expect([...world.cameras.values()]).toMatchObject([
      { source: "house/gate", name: "GATE", edgeOnline: false, clockOffsetS: 0.5 },
    ]);
  });

  it("counts what it does not understand", () => {
    expect(told({ type: "unknown", name: "x" }).skipped).toBe(1);
  });

  it("keeps the newest observation and the course of the risk", () => {
    const world = told(observationOf(1, { score: 0.2 }), observationOf(2, { score: 0.6 }));
    const camera = world.cameras.get("house/gate");
    expect(camera?.observation?.frameId).toBe(2);
    expect(camera?.course.points).toEqual([{ at: 50, score: 0.6 }]);
  });
});

describe("incidents", () => {
  const opened = eventOf(1);
  const updated = eventOf(2, { phase: "updated", level: "ALERT", score: 0.6, trackIds: [7] });
  const closed = eventOf(3, { phase: "closed", level: "NORMAL", score: 0, at: 130 });

  it("are the same in whatever order and however often their events come", () => {
    const once = mergeEvents([], [opened, updated, closed]);
    const twice = mergeEvents(mergeEvents([], [closed, opened]), [updated, opened, closed]);
    expect(once).toEqual([...twice].map((incident) => ({ ...incident, seqs: new Set([1, 2, 3]) })));
    expect(once).toMatchObject([{ level: "ALERT", score: 0.6, closedAt: 130, words: "message 3", trackIds: [7] }]);
  });

  it("are shown newest first", () => {
    const other = eventOf(9, { incidentId: "two", openedAt: 200 });
    expect(mergeEvents([], [opened, other]).map((incident) => incident.incidentId)).toEqual(["two", "one"]);
  });

  it("are filtered by the lowest level", () => {
    const incidents = mergeEvents([], [opened, eventOf(5, { incidentId: "two", level: "ALERT", zone: "Gate" })]);
    expect(filterIncidents(incidents, { ...NO_FILTER, level: "ALERT" })).toHaveLength(1);
    expect(filterIncidents(incidents, { ...NO_FILTER, zone: "Gate", kind: "running" })).toHaveLength(0);
  });

  it("are exported as CSV that a spreadsheet cannot be tricked with", () => {
    const csv = toCsv(mergeEvents([], [eventOf(1, { words: '=HYPERLINK("x")', zone: "a,b" })]));
    expect(csv.split("\r\n")[1]).toBe(
      `1970-01-01T00:01:40.000Z,,house/gate,loitering,WATCH,0.300,"a,b",,"'=HYPERLINK(""x"")",,`,
    );
  });
});

describe("the timeline", () => {
  it("has a lane for each camera and ends what lasts at its own end", () => {
    const incidents = mergeEvents(
      [],
      [
        eventOf(1, { openedAt: 900 }),
        eventOf(2, { incidentId: "old", openedAt: 10, at: 20, phase: "closed" }),
        eventOf(3, { source: "house/yard", openedAt: 400, at: 600, phase: "closed" }),
      ],
    );
    expect(lanesOf(incidents, 1000, 800)).toMatchObject([
      { source: "house/gate", bars: [{ from: 0.875, to: 1 }] },
      { source: "house/yard", bars: [{ from: 0.25, to: 0.5 }] },
    ]);
  });
});

describe("the course behind the timeline", () => {
  const course = {
    from: 100,
    to: 700,
    stepS: 60,
    cameras: [
      { source: "house/gate", at: [100, 160, 520], risk: [0.1, 0.7, 0.2], persons: [0, 3, 1], vehicles: [0, 0, 0] },
      { source: "house/quiet", at: [640], risk: [0], persons: [0], vehicles: [0] },
    ],
  };

  it("shows the chosen figure, and every stretch in which nothing came", () => {
    const [gate, quiet] = traceLanes([], course, "persons", 700, 600, 0);
    expect(gate?.trace?.steps.map(({ from, value }) => [from, value])).toEqual([
      [0, 0],
      [0.1, 3],
      [0.7, 1],
    ]);
    expect(gate?.trace?.gaps).toEqual([
      { from: 0.2, to: 0.7 },
      { from: 0.8, to: 1 },
    ]);
    expect(gate?.trace?.most).toBe(3);
    expect(quiet?.trace?.gaps).toEqual([{ from: 0, to: 0.9 }]);
  });

  it("keeps the bars of a lane, also in a gap: late events fill it", () => {
    const late = mergeEvents([], [eventOf(1, { openedAt: 300, at: 400, phase: "closed" })]);
    const [gate] = traceLanes(lanesOf(late, 700, 600), course, "risk", 700, 600, 0);
    expect(gate?.bars).toMatchObject([{ from: expect.closeTo(1 / 3), to: 0.5 }]);
  });

  it("shifts the hub's clock to the page's", () => {
    const [gate] = traceLanes([], course, "risk", 690, 600, 10);
    expect(gate?.trace?.steps[0]?.from).toBe(0);
  });

  it("touches the ground in every gap", () => {
    const trace = { steps: [{ from: 0, to: 0.5, value: 0.25 }], gaps: [], most: 0.25 };
    expect(outlineOf(trace, 1)).toBe("M0 1V0.75H0.5V1Z");
  });
});

describe("the archive", () => {
  const answers = (pages: readonly (object | null)[]): string[] => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (address: URL) => {
      asked.push(address.searchParams.get("before") ?? "newest");
      const page = pages[asked.length - 1] ?? null;
      return page === null ? new Response("", { status: 503 }) : Response.json({ samples: [], ...page });
    });
    return asked;
  };
  const event = (seq: number, at: number) => ({ type: "event", source: "a/b", seq, incident_id: `i${seq}`, kind: "loitering", phase: "opened", at, opened_at: at, level: "ALERT", score: 0.5, received_at: at });
  const hub = new Hub(new URL("http://hub/"), () => undefined);
  afterEach(() => vi.unstubAllGlobals());

  it("reaches as far back as is wanted, page by page", async () => {
    const asked = answers([
      { events: [event(9, 9000), event(8, 8000)], next_before: 8 },
      { events: [event(7, 7000), event(6, 1000)], next_before: 6 },
      { events: [event(5, 500)], next_before: null },
    ]);
    const archive = new EventArchive(hub);
    await archive.reach(5000);
    expect(asked).toEqual(["newest", "8"]);
    expect(archive.archive.value).toMatchObject({ since: 1000, complete: false, loading: false });
    await archive.older();
    expect(archive.archive.value.complete).toBe(true);
    expect(await archive.older()).toBe(false);
    expect(archive.archive.value.events.map(({ seq }) => seq)).toEqual([9, 8, 7, 6, 5]);
  });

  it("stays as it is while the hub is away, and begins again with the newest", async () => {
    const asked = answers([{ events: [event(9, 9000)], next_before: 9 }, null, { events: [event(10, 10_000), event(9, 9000)], next_before: null }]);
    const archive = new EventArchive(hub);
    await archive.older();
    expect(await archive.older()).toBe(false);
    expect(archive.archive.value).toMatchObject({ loading: false, complete: false });
    await archive.renew();
    expect(asked).toEqual(["newest", "9", "newest"]);
    expect(archive.archive.value.events.map(({ seq }) => seq)).toEqual([10, 9]);
  });
});

describe("traffic", () => {
  it("is what came in the last minute, extrapolated before there is one", () => {
    const traffic = new Traffic();
    expect(traffic.perMinute(0)).toBe(0);
    for (let second = 0; second < 90; second += 1) {
      traffic.add(100, second);
      if (second === 10) expect(traffic.perMinute(10)).toBeCloseTo(6600);
    }
    expect(traffic.perMinute(89)).toBe(6000);
  });
});

describe("the course of the risk", () => {
  it("keeps the highest of two seconds, and an hour of them", () => {
    let course = RiskCourse.empty;
    for (let at = 0; at < 4000; at += 1) course = course.add(at, at % 2 === 0 ? 0.1 : 0.4);
    expect(course.points).toHaveLength(1800);
    expect(course.points.every((point) => point.score === 0.4)).toBe(true);
  });

  it("takes in what the hub remembers, in order", () => {
    const course = RiskCourse.empty.add(100, 0.5).merge([
      { at: 50, score: 0.2 },
      { at: 101, score: 0.3 },
    ]);
    expect(course.points).toEqual([
      { at: 50, score: 0.2 },
      { at: 100, score: 0.5 },
    ]);
  });

  it("tells where nothing is known of the hour", () => {
    const points = [100, 104, 108, 200, 204].map((at) => ({ at, score: 0.1 }));
    expect(silences(points, 50, 300)).toEqual([
      [50, 100],
      [108, 200],
      [204, 300],
    ]);
    expect(silences([], 0, 10)).toEqual([]);
  });

  it("is drawn with its holes", () => {
    const points = [
      { at: 0, score: 0.1 },
      { at: 2, score: 0.2 },
      { at: 60, score: 0.3 },
    ];
    expect(linesOf(points, 1)).toEqual([[points[1]], [points[2]]]);
    expect(linesOf(points, 0)).toEqual([
      [points[0], points[1]],
      [points[2]],
    ]);
  });
});

describe("a label", () => {
  const bounds = { x: 0, y: 0, width: 200, height: 100 };
  const label = { width: 50, height: 10 };
  const box = { x: 20, y: 40, width: 30, height: 30 };

  it("stands above its box, at the side where reading starts", () => {
    expect(placeLabel(box, label, bounds, [], false)).toEqual({ x: 20, y: 29, ...label });
    expect(placeLabel(box, label, bounds, [], true)).toEqual({ x: 0, y: 29, ...label });
  });

  it("gives way to others, and is left out when there is no room", () => {
    const above = { x: 0, y: 25, width: 60, height: 12 };
    expect(placeLabel(box, label, bounds, [above], false)?.y).toBe(71);
    expect(placeLabel(box, label, bounds, [bounds], false)).toBeNull();
    expect(placeLabel(box, { width: 201, height: 10 }, bounds, [], false)).toBeNull();
  });

  it("stays inside the picture", () => {
    expect(placeLabel({ x: 190, y: 2, width: 10, height: 90 }, label, bounds, [], false)).toEqual({
      x: 150,
      y: 3,
      ...label,
    });
  });
});

describe("small things", () => {
  it("a picture is fitted whole", () => {
    expect(fit({ width: 4, height: 3 }, { width: 160, height: 90 })).toEqual({ x: 20, y: 0, width: 120, height: 90 });
    expect(fit({ width: 0, height: 3 }, { width: 160, height: 90 }).width).toBe(0);
  });

  it("the next attempt comes within three seconds, however many have failed", () => {
    for (const attempt of [0, 3, 10, 5000]) expect(delayMs(attempt, 1)).toBeLessThan(3000);
    expect(delayMs(0, 0)).toBeGreaterThan(100);
  });

  it("preferences survive a storage full of rubbish", () => {
    const storage = (text: string): Storage => ({ getItem: () => text }) as unknown as Storage;
    for (const rubbish of ["{", "null", "[]", '{"language":"xx","layers":7,"theme":1}']) {
      expect(loadPreferences(storage(rubbish), ["iw-IL", "en"])).toMatchObject({ language: "he", theme: "system" });
    }
    expect(loadPreferences(storage('{"layers":["boxes","x"],"language":"ru"}'), [])).toMatchObject({
      language: "ru",
      layers: ["boxes", "zones", "thermal"],
    });
  });
});
