import { describe, expect, it } from "vitest";
import { foldHours, hoursToCsv, reachOf } from "../src/state/figures";
import { ObjectReader } from "../src/wire/reader";
import { readPage, type Hour } from "../src/wire/statistics";

/** Local time, so that the test holds in every zone; the 14th is a Wednesday. */
const at = (day: number, hour: number): number => new Date(2023, 5, day, hour, 0).getTime() / 1000;
const hour = (time: number, facts: Partial<Hour> = {}): Hour => ({
  at: time,
  source: "house/gate",
  seconds: 3600,
  persons: 0,
  personsMost: 0,
  vehicles: 0,
  vehiclesMost: 0,
  riskMost: 0,
  speed: null,
  speedUnit: null,
  incidents: 0,
  unusual: 0,
  ...facts,
});

describe("events", () => {
  const hours = [hour(at(14, 9), { incidents: 2, unusual: 1 }), hour(at(15, 9), { incidents: 1 }), hour(at(14, 10))];

  it("are counted by hour where there was something to see, and unknown elsewhere", () => {
    expect(foldHours(hours, "events", "hour").slice(8, 12)).toEqual([null, 3, 0, null]);
    expect(foldHours(hours, "unusual", "hour").slice(8, 12)).toEqual([null, 1, 0, null]);
  });

  it("are counted by weekday, Sunday first", () => {
    expect(foldHours(hours, "events", "weekday")).toEqual([null, null, null, 2, 1, null, null]);
  });
});

describe("persons and vehicles", () => {
  it("are the mean over the time for which figures came", () => {
    const hours = [hour(at(14, 9), { persons: 2, seconds: 3000 }), hour(at(15, 9), { persons: 4, seconds: 1000 })];
    expect(foldHours(hours, "persons", "hour")[9]).toBe(2.5);
    expect(foldHours(hours, "vehicles", "weekday").slice(3, 5)).toEqual([0, 0]);
  });

  it("are unknown in an hour that only had an event to tell", () => {
    expect(foldHours([hour(at(14, 9), { seconds: 0, incidents: 1 })], "persons", "hour")[9]).toBeNull();
  });
});

describe("speed", () => {
  it("is never a mean of meters and pixels, nor of standing still", () => {
    const hours = [
      hour(at(14, 9), { speed: 2, speedUnit: "m/s" }),
      hour(at(14, 9), { speed: 90, speedUnit: "px/s", source: "house/yard" }),
      hour(at(14, 10)),
    ];
    expect(foldHours(hours, "speed", "hour").slice(9, 11)).toEqual([2, null]);
  });
});

describe("what is known", () => {
  it("says since when and for how long", () => {
    const hours = [hour(at(14, 9), { seconds: 60, incidents: 1 }), hour(at(13, 9), { seconds: 40, incidents: 2 })];
    expect(reachOf(hours)).toEqual({ observedS: 100, since: at(13, 9), events: 3 });
    expect(reachOf([]).since).toBeNull();
  });

  it("is read from the hub and written for a spreadsheet", () => {
    const told = { at: 1_709_049_600, source: "house/gate", seconds: 60, persons: 0.5, persons_max: 2, vehicles: 0, vehicles_max: 0 };
    const page = new ObjectReader({ buckets: [{ ...told, risk_max: 0.7, speed: null, incidents: 1, unusual: 0 }], next_from: 7200 }, "$");
    const { hours, nextFrom } = readPage(page);
    expect(nextFrom).toBe(7200);
    const [header, line, end] = hoursToCsv(hours).split("\r\n");
    expect(header).toMatch(/^hour,source,seconds,persons,/u);
    expect(line).toBe("2024-02-27T16:00:00.000Z,house/gate,60,0.5,2,0,0,0.7,,,1,0");
    expect(end).toBe("");
  });
});
