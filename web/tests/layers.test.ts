import { describe, expect, it } from "vitest";
import { LAYERS, USUAL_LAYERS } from "../src/draw/layers";
import { moodOf } from "../src/draw/places";
import { colorAt } from "../src/draw/raster";
import { COLUMNS, Footfall, ROWS } from "../src/picture/footfall";
import { followScale, Heat } from "../src/picture/heat";
import { loadPreferences, savePreferences } from "../src/state/preferences";
import { parseMessage } from "../src/wire/messages";
import type { Thermogram } from "../src/wire/overlays";
import { observationOf } from "./world_builder";

const HEAD = '{"type":"thermogram","source":"yard/gate","frame_id":7,"captured_at":100,"columns":2,"rows":2,"low_celsius":18,"high_celsius":40';

function thermogramAt(capturedAt: number, lowCelsius = 18, highCelsius = 40): Thermogram {
  const thermogram = parseMessage(`${HEAD},"pixels":"AAr+/w=="}`) as Thermogram;
  return { ...thermogram, capturedAt, lowCelsius, highCelsius };
}

describe("a thermogram", () => {
  it("is read with the same view for both pictures where nothing else is said", () => {
    expect(parseMessage(`${HEAD},"pixels":"AAr+/w=="}`)).toMatchObject({
      frameId: 7,
      pixels: Uint8Array.of(0, 10, 254, 255),
      alignment: [1, 0, 0, 0, 1, 0],
      spots: [],
    });
  });

  it.each([
    ['"pixels":"AAr+"', "4 bytes"],
    ['"pixels":"***"', "base64"],
    ['"pixels":"AAr+/w==","alignment":[1,0]', "6 numbers"],
  ])("with %s is refused", (spoiled, expected) => {
    expect(() => parseMessage(`${HEAD},${spoiled}}`)).toThrow(expected);
  });

  it("belongs to its own frame and those after it, never to one before, and not for long", () => {
    const heat = new Heat();
    heat.add(thermogramAt(100));
    heat.add(thermogramAt(101));
    expect(heat.of(99.9)).toBeNull();
    expect(heat.of(100)?.thermogram.capturedAt).toBe(100);
    expect(heat.of(100.9)?.thermogram.capturedAt).toBe(100);
    expect(heat.of(105)?.thermogram.capturedAt).toBe(101);
    expect(heat.of(106.1)).toBeNull();
  });

  it("of an edge whose clock was set back is not taken for the future", () => {
    const heat = new Heat();
    heat.add(thermogramAt(500));
    heat.add(thermogramAt(100));
    expect(heat.of(101)?.thermogram.capturedAt).toBe(100);
  });
});

describe("the scale", () => {
  it("has whole steps, and is wide enough that noise stays pale", () => {
    expect(followScale(null, 19.9, 21.3)).toEqual({ low: 15, high: 30 });
    expect(followScale(null, -12, 96)).toEqual({ low: -15, high: 100 });
  });

  it("grows at once and does not flicker", () => {
    const first = followScale(null, 20.1, 34.9);
    expect(first).toEqual({ low: 20, high: 35 });
    const grown = followScale(first, 19.9, 61);
    expect(grown).toEqual({ low: 15, high: 65 });
    expect(followScale(grown, 20.1, 56)).toEqual(grown);
    expect(followScale(grown, 20.1, 34)).toEqual({ low: 15, high: 35 });
  });
});

describe("colors", () => {
  it("lie between those of the ramp, and never beyond", () => {
    const ramp = [
      [0, 0, 0, 0],
      [100, 200, 50, 250],
    ] as const;
    expect(colorAt(0.5, ramp)).toEqual([50, 100, 25, 125]);
    expect(colorAt(-3, ramp)).toEqual(ramp[0]);
    expect(colorAt(7, ramp)).toEqual(ramp[1]);
  });
});

describe("footfall", () => {
  const cellOf = (x: number, y: number): number => Math.floor(x * COLUMNS) + Math.floor(y * ROWS) * COLUMNS;

  it("is the time that feet spent, whatever the rate of pictures", () => {
    for (const fps of [5, 20]) {
      const footfall = new Footfall();
      for (let frame = 0; frame <= fps * 10; frame += 1) {
        footfall.add(observationOf(frame, { capturedAt: 600 + frame / fps, boxes: [[0.4, 0.2, 0.5, 0.7]] }));
      }
      expect(footfall.seconds()[cellOf(0.45, 0.7)]).toBeCloseTo(10, 3);
    }
  });

  it("knows nothing of gaps, and counts nothing twice", () => {
    const footfall = new Footfall();
    for (const capturedAt of [600, 600.5, 600.5, 660, 659, 659.5]) {
      footfall.add(observationOf(1, { capturedAt, boxes: [[0.4, 0.2, 0.5, 0.7]] }));
    }
    expect(footfall.seconds()[cellOf(0.45, 0.7)]).toBeCloseTo(1, 3);
  });

  it("forgets after ten minutes", () => {
    const footfall = new Footfall();
    const walk = (from: number, x: number): void => {
      for (let tenth = 0; tenth <= 10; tenth += 1) {
        footfall.add(observationOf(1, { capturedAt: from + tenth / 10, boxes: [[x, 0.2, x, 1.5]] }));
      }
    };
    walk(600, 0.1);
    walk(660, 0.2);
    walk(1225, 0.3);
    const seconds = footfall.seconds();
    expect(seconds[cellOf(0.1, 0.99)]).toBe(0);
    expect(seconds[cellOf(0.2, 0.99)]).toBeCloseTo(1, 3);
    expect(seconds[cellOf(0.3, 0.99)]).toBeCloseTo(1, 3);
  });

  it("is of people alone, and of none that nobody sees at the moment", () => {
    const footfall = new Footfall();
    for (const capturedAt of [600, 600.5, 601]) {
      const seen = observationOf(1, { capturedAt, boxes: [[0.1, 0.1, 0.2, 0.2], [0.5, 0.1, 0.6, 0.2]] });
      const [car, lost] = seen.tracks;
      if (car === undefined || lost === undefined) throw new Error("expected two tracks");
      footfall.add({ ...seen, tracks: [{ ...car, label: "car" }, { ...lost, coasting: true }] });
    }
    expect(footfall.seconds().every((seconds) => seconds === 0)).toBe(true);
  });
});

describe("a zone", () => {
  const factor = { cause: "loitering", contribution: 0.3, words: "", trackId: 1, zone: "Gate", value: null };
  const empty = observationOf(1);
  const walkedIn = observationOf(1, { boxes: [[0, 0, 1, 1]] });

  it("is calm, occupied or alarmed by what was seen in the frame that is shown", () => {
    expect(moodOf("Gate", null)).toBe("calm");
    expect(moodOf("Gate", empty)).toBe("calm");
    expect(moodOf("Gate", { ...walkedIn, tracks: walkedIn.tracks.map((track) => ({ ...track, zones: ["Gate"] })) })).toBe("occupied");
    expect(moodOf("Gate", { ...empty, risk: { ...empty.risk, factors: [factor] } })).toBe("alarmed");
    expect(moodOf("Yard", { ...empty, risk: { ...empty.risk, factors: [factor] } })).toBe("calm");
    expect(moodOf("Gate", { ...empty, risk: { ...empty.risk, factors: [{ ...factor, contribution: -0.1 }] } })).toBe("calm");
  });
});

describe("the choice of layers", () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  } as unknown as Storage;
  const load = (): readonly string[] => loadPreferences(storage, []).layers;

  it("is what belongs to this moment for who has chosen nothing", () => {
    kept.clear();
    expect(load()).toEqual(USUAL_LAYERS);
    expect(USUAL_LAYERS).not.toContain("footfall");
  });

  it("of before there were zones says nothing about zones", () => {
    kept.set("aimonitor.preferences", '{"layers":["boxes"]}');
    expect(load()).toEqual(["boxes", "zones", "thermal"]);
  });

  it("is kept as it was made", () => {
    for (const layers of [[], ["footfall"], LAYERS] as const) {
      savePreferences(storage, { ...loadPreferences(storage, []), layers });
      expect(load()).toEqual(layers);
    }
  });
});
