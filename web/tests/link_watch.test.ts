import { describe, expect, it } from "vitest";
import { LinkWatch } from "../src/state/link_watch";

/** Pings every two seconds and a picture every second, `lagS` late each. */
function play(watch: LinkWatch, from: number, to: number, lagS: number, pictures = true): void {
  for (let at = from; at < to; at += 1) {
    if (at % 2 === 0) watch.note("pings", lagS, at);
    if (pictures) watch.note("house/gate", lagS, at);
    watch.isSlow(at);
  }
}

describe("a link", () => {
  it("is slow when everything has been late for some seconds", () => {
    const watch = new LinkWatch();
    play(watch, 0, 3, 4);
    expect(watch.isSlow(2)).toBe(false);
    play(watch, 3, 8, 4);
    expect(watch.isSlow(8)).toBe(true);
    expect(watch.lagS).toBe(4);
  });

  it("is not slow for one old picture, nor for one camera whose own way is slow", () => {
    const watch = new LinkWatch();
    watch.note("house/gate", 9, 0);
    play(watch, 1, 10, 0.1);
    expect(watch.isSlow(10)).toBe(false);
    for (let at = 10; at < 60; at += 1) {
      watch.note("house/gate", 9, at);
      watch.note("pings", 0.1, at);
    }
    expect(watch.isSlow(60)).toBe(false);
  });

  it("is slow also when most of what was in time before does not come at all any more", () => {
    const watch = new LinkWatch();
    for (const camera of ["gate", "yard", "hall"]) watch.note(`house/${camera}`, 0.1, 0);
    watch.note("pings", 0.1, 0);
    for (let at = 6; at <= 18; at += 6) watch.note("house/gate", at, at);
    expect(watch.isSlow(18)).toBe(true);
    expect(watch.lagS).toBe(18);
  });

  it("is tried again after a while in which nothing was late, later each time that failed", () => {
    const watch = new LinkWatch();
    play(watch, 0, 8, 4);
    const slowUntil = (from: number): number => {
      watch.forget("house/gate");
      let at = from;
      for (; watch.isSlow(at); at += 1) watch.note("pings", 0.1, at);
      return at;
    };
    const first = slowUntil(8);
    expect(first - 8).toBeLessThanOrEqual(20);
    play(watch, first, first + 8, 4);
    expect(watch.isSlow(first + 8)).toBe(true);
    const second = slowUntil(first + 8);
    expect(second - first - 8).toBeGreaterThan(30);
    play(watch, second, second + 200, 0.1);
    play(watch, second + 200, second + 208, 4);
    expect(slowUntil(second + 208) - second - 208).toBeLessThanOrEqual(20);
  });

  it("that stays late is not tried again", () => {
    const watch = new LinkWatch();
    play(watch, 0, 8, 4);
    watch.forget("house/gate");
    play(watch, 8, 200, 4, false);
    expect(watch.isSlow(200)).toBe(true);
  });
});
