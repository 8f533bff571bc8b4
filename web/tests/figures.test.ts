import { describe, expect, it } from "vitest";
import { countBars, meanBars } from "../src/state/figures";
import type { Sample } from "../src/wire/history";

const HOUR_S = 3600;
/** Local time, so that the test holds in every zone: a Wednesday. */
const at = (day: number, hour: number): number => new Date(2023, 5, day, hour, 30).getTime() / 1000;
const sample = (time: number, persons: number): Sample => ({
  at: time,
  source: "house/gate",
  score: 0,
  level: "NORMAL",
  persons,
  vehicles: 1,
});

describe("events by hour", () => {
  it("are counted where there was something to see, and unknown elsewhere", () => {
    const bars = countBars([at(14, 9), at(14, 9), at(14, 11)], "hour", at(14, 9), at(14, 12));
    expect(bars.slice(8, 14)).toEqual([null, 2, 0, 1, 0, null]);
    expect(bars).toHaveLength(24);
  });

  it("know every hour after a day, and every weekday after a week", () => {
    expect(countBars([], "hour", at(14, 0), at(14, 0) + 24 * HOUR_S).every((value) => value === 0)).toBe(true);
    expect(countBars([], "weekday", at(1, 0), at(20, 0)).every((value) => value === 0)).toBe(true);
    expect(countBars([at(14, 9)], "weekday", at(14, 9), at(15, 9))).toEqual([null, null, null, 1, 0, null, null]);
  });
});

describe("persons by hour", () => {
  it("are the mean of the samples, and unknown where there are none", () => {
    const bars = meanBars([sample(at(14, 9), 2), sample(at(15, 9), 4), sample(at(15, 10), 0)], "persons", "hour");
    expect(bars.slice(8, 12)).toEqual([null, 3, 0, null]);
  });
});
