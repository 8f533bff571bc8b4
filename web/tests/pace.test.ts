import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Pace } from "../src/picture/pace";

let frames: (() => void)[];

beforeEach(() => {
  frames = [];
  vi.stubGlobal("requestAnimationFrame", (call: () => void) => frames.push(call));
});

afterEach(() => vi.unstubAllGlobals());

async function nextFrame(): Promise<void> {
  for (const call of frames.splice(0)) call();
  await settled();
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

test("a burst begins four at a time, in the order in which it came", async () => {
  const pace = new Pace();
  const begun: number[] = [];
  for (let number = 0; number < 10; number += 1) void pace.room().then(() => begun.push(number));
  await settled();
  expect(begun).toEqual([0, 1, 2, 3]);
  await nextFrame();
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  await nextFrame();
  expect(begun).toHaveLength(10);
});

test("one camera alone never waits", async () => {
  const pace = new Pace();
  for (let picture = 0; picture < 3; picture += 1) {
    let begun = false;
    void pace.room().then(() => (begun = true));
    await settled();
    expect(begun).toBe(true);
    await nextFrame();
  }
});
