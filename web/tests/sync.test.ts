import { describe, expect, it } from "vitest";
import { FrameSync, type Timed } from "../src/picture/sync";
import { Trails } from "../src/picture/trails";
import { observationOf } from "./world_builder";

function setUp(): { sync: FrameSync<Timed>; released: number[] } {
  const released: number[] = [];
  return { sync: new FrameSync((picture) => released.push(picture.frameId)), released };
}

const pictureOf = (frameId: number): Timed => ({ frameId, capturedAt: frameId / 10 });

describe("a picture", () => {
  it("is shown with the observation of its own frame, whichever comes first", () => {
    const { sync } = setUp();
    sync.offerPicture(pictureOf(1), 0);
    expect(sync.take(0)).toBeNull();
    sync.offerObservation(observationOf(1));
    expect(sync.take(0.01)?.observation?.frameId).toBe(1);
    sync.offerObservation(observationOf(2));
    sync.offerPicture(pictureOf(2), 0.1);
    expect(sync.take(0.1)?.observation?.frameId).toBe(2);
  });

  it("waits one frame interval for its observation and is then shown bare", () => {
    const { sync } = setUp();
    sync.offerObservation(observationOf(1));
    sync.offerPicture(pictureOf(2), 0);
    expect(sync.take(0.05)).toBeNull();
    expect(sync.due).toBeCloseTo(0.1);
    expect(sync.take(0.11)).toMatchObject({ picture: { frameId: 2 }, observation: null });
    expect(sync.bare).toBe(1);
  });

  it("gets its boxes when they come late, while it is still on the screen", () => {
    const { sync } = setUp();
    sync.offerPicture(pictureOf(1), 0);
    expect(sync.take(0.2)?.observation).toBeNull();
    sync.offerObservation(observationOf(1));
    expect(sync.take(0.21)?.observation?.frameId).toBe(1);
    expect(sync.take(0.22)).toBeNull();
  });

  it("gives way to a newer one, which inherits how long it has waited", () => {
    const { sync, released } = setUp();
    sync.offerPicture(pictureOf(1), 0);
    sync.offerPicture(pictureOf(2), 0.08);
    expect(sync.dropped).toBe(1);
    expect(released).toEqual([1]);
    expect(sync.take(0.11)?.picture.frameId).toBe(2);
  });

  it("never gets the boxes of an equal number from before the edge began again", () => {
    const { sync } = setUp();
    sync.offerObservation(observationOf(1, { capturedAt: 0.1 }));
    sync.offerPicture({ frameId: 1, capturedAt: 500 }, 0);
    expect(sync.take(1)?.observation).toBeNull();
  });

  it("is released when it leaves the screen", () => {
    const { sync, released } = setUp();
    for (const frameId of [1, 2]) {
      sync.offerObservation(observationOf(frameId));
      sync.offerPicture(pictureOf(frameId), frameId / 10);
      sync.take(frameId / 10);
    }
    expect(released).toEqual([1]);
  });
});

describe("trails", () => {
  it("keep six seconds of feet, end at the frame they are drawn with, and forget who is gone", () => {
    const trails = new Trails();
    for (let frameId = 0; frameId <= 100; frameId += 1) {
      trails.add(observationOf(frameId, { capturedAt: frameId / 10, boxes: [[0, 0, frameId / 100, 1]] }));
    }
    expect(trails.of(1, 10)).toHaveLength(60);
    expect(trails.of(1, 9.5).at(-1)).toMatchObject({ at: 9.5, y: 1 });
    trails.add(observationOf(101, { boxes: [] }));
    expect(trails.of(1, 99)).toEqual([]);
  });
});
