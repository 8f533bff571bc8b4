import { describe, expect, it } from "vitest";
import { changed, differences, draftOf, freeName, removed, renamed, undone } from "../src/setup/draft";
import { begin, isEnough, tapped, type Drawing } from "../src/setup/drawing";
import { center, clamp, fitAlignment, inward, movedShape, towards, withCorner } from "../src/setup/geometry";
import { transformOf } from "../src/setup/sensor_picture";
import { placeOf, problemAt } from "../src/setup/problems";
import { en } from "../src/setup/words/en";
import { he } from "../src/setup/words/he";
import { ru } from "../src/setup/words/ru";
import { languageOf } from "../src/i18n/language";
import { readPolicy, type Policy, type Spot } from "../src/wire/policy";
import { placesJson, policyJson } from "../src/wire/policy_json";
import { ContractError, ObjectReader } from "../src/wire/reader";

const SQUARE: readonly Spot[] = [[0.2, 0.2], [0.4, 0.2], [0.4, 0.4], [0.2, 0.4]];
const ON_THE_WIRE = {
  preset: "farm",
  weights: { loitering: 0.4 },
  places: { Gate: 0.5 },
  levels: { watch: 0.25, alert: 0.5, critical: 0.75, margin: 0.06, rise_s: 0.4, fall_s: 8 },
  hours: { timezone: "local", night: "22:00-06:00", known: ["07:30-08:15"] },
  events: { news: ["fire"], level: "ALERT", open_after_s: 0.5, close_after_s: 10, update_every_s: 10 },
  rules: { crowd_at: 6 },
  thermal: { fire_celsius: 150 },
  zones: {
    Gate: {
      polygon: SQUARE,
      kind: "zone",
      labels: ["person"],
      restricted: true,
      no_stopping: false,
      direction_deg: 90,
      loiter_after_s: null,
      crowd_at: 3,
    },
  },
  lines: { Door: { start: [0.1, 0.5], end: [0.4, 0.5], labels: [], allowed: "in" } },
  calibration: { corners: SQUARE, side_m: 6, second_m: null, width: 640, height: 480, click_px: 2 },
  thermal_alignment: { thermal: SQUARE.slice(0, 3), image: SQUARE.slice(0, 3) },
};
const policy = (): Policy => readPolicy(new ObjectReader(ON_THE_WIRE, "$"));

describe("a policy", () => {
  it("comes from the wire and goes back as it was", () => {
    expect(policyJson(policy())).toEqual(ON_THE_WIRE);
  });

  it("takes only its places along to another preset", () => {
    const { preset, zones, weights, hours } = placesJson(policy(), "shop") as Record<string, unknown>;
    expect([preset, zones, weights, hours]).toEqual(["shop", ON_THE_WIRE.zones, undefined, undefined]);
  });

  it("is refused with the place of what is wrong in it", () => {
    const wrong = { ...ON_THE_WIRE, zones: { Gate: { polygon: [[0.1, "0.2"]] } } };
    expect(() => readPolicy(new ObjectReader(wrong, "$"))).toThrow(ContractError);
    expect(() => readPolicy(new ObjectReader(wrong, "$"))).toThrow("$.zones.Gate.polygon[0]");
  });
});

describe("a draft", () => {
  it("takes back a whole drag as one step", () => {
    let draft = draftOf(policy());
    for (const fire of [0.1, 0.2, 0.3]) draft = changed(draft, { weights: { fire } }, "weight of fire");
    draft = changed(draft, { preset: "shop" }, "");
    expect(differences(policy(), draft.policy)).toEqual(["preset", "weights"]);
    draft = undone(draft);
    expect(draft.policy.weights).toEqual({ fire: 0.3 });
    draft = undone(draft);
    expect(differences(policy(), draft.policy)).toEqual([]);
    expect(undone(draft)).toBe(draft);
  });

  it("keeps what is said of a place under its new name, and forgets it with the place", () => {
    const named = { ...policy(), ...renamed(policy(), "Gate", "Porch") };
    expect([named.zones[0]?.name, named.places]).toEqual(["Porch", { Porch: 0.5 }]);
    expect(removed(named, "Porch")).toMatchObject({ zones: [], places: {} });
  });

  it("names what is new as nothing else is named", () => {
    const taken = renamed(policy(), "Gate", "Zone 1");
    expect(freeName({ ...policy(), ...taken }, (count) => `Zone ${count}`)).toBe("Zone 2");
  });
});

describe("a drawing", () => {
  const draw = (kind: Drawing["kind"], spots: readonly Spot[]): ReturnType<typeof tapped> =>
    spots.reduce<ReturnType<typeof tapped>>((drawing, spot) => tapped(drawing, spot), { ...begin(kind), done: false });

  it("of a zone ends where it began, once it has an area", () => {
    expect(draw("zone", [[0.1, 0.1], [0.5, 0.1], [0.1, 0.1]])).toMatchObject({ done: false, spots: { length: 2 } });
    expect(draw("zone", [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.11, 0.1]])).toMatchObject({ done: true, spots: { length: 3 } });
  });

  it("of a line ends with its second end", () => {
    expect(draw("line", [[0.1, 0.1]])).toMatchObject({ done: false });
    expect(draw("line", [[0.1, 0.1], [0.5, 0.1]])).toMatchObject({ done: true, spots: { length: 2 } });
    expect(isEnough(begin("line"))).toBe(false);
  });
});

describe("shapes", () => {
  it("stay in the picture whole, however far they are moved", () => {
    expect(movedShape(SQUARE, [0.9, -0.9])).toEqual([[0.8, 0], [1, 0], [1, 0.2], [0.8, 0.2]]);
    expect(clamp([-1, 2])).toEqual([0, 1]);
  });

  it("have their name in the middle, and a corner more where one is put", () => {
    expect(center(SQUARE)).toEqual([0.3, 0.3]);
    expect(center([[0.1, 0.1], [0.3, 0.1], [0.2, 0.1]])).toEqual([0.2, 0.1]);
    expect(withCorner(SQUARE, 3, [0.2, 0.3])[4]).toEqual([0.2, 0.3]);
  });

  it("point inwards from left to right for one who looks from start to end", () => {
    const [x, y] = inward([0.5, 0.9], [0.5, 0.4], 2, 0.1);
    expect([x, y]).toEqual([expect.closeTo(0.05), expect.closeTo(0)]);
    const [east, south] = towards(90, 2, 0.1);
    expect([east, south]).toEqual([expect.closeTo(0.05), expect.closeTo(0)]);
  });
});

describe("the alignment", () => {
  const pairs = { thermal: [[0, 0], [1, 0], [0, 1], [1, 1]] as Spot[], image: [[0.1, 0.2], [0.9, 0.2], [0.1, 0.8], [0.9, 0.8]] as Spot[] };

  it("is fitted as the edge fits it", () => {
    const there = fitAlignment(pairs)?.([0.5, 0.5]);
    expect(there).toEqual([expect.closeTo(0.5), expect.closeTo(0.5)]);
  });

  it("lays the sensor's picture where its corners belong, whatever the shape", () => {
    expect(transformOf(([x, y]) => [0.25 + 0.5 * x + 0.125 * y, 0.125 + 0.25 * x + 0.5 * y], 2)).toBe(
      "translate(25%, 12.5%) matrix(0.5, 0.125, 0.25, 0.5, 0, 0)",
    );
  });

  it("is none for places on one line", () => {
    expect(fitAlignment({ thermal: [[0, 0], [0.5, 0.5], [1, 1]], image: [[0, 0], [0.5, 0.5], [1, 1]] })).toBeNull();
  });
});

describe("a problem", () => {
  it("belongs to its field and to what holds the field", () => {
    const problems = [{ field: "zones.Gate.polygon", words: "too few", code: "", limit: null }];
    expect(problemAt(problems, "zones.Gate", en, languageOf("en"))).toBe("\u2068too few\u2069");
    expect(problemAt(problems, "zones.Gat", en, languageOf("en"))).toBe("");
  });

  it("is said in the reader's language, with its limit as that writes numbers, and once", () => {
    const weight = { field: "weights.fire", words: "input should be less than or equal to 0.99", code: "at_most", limit: 0.99 };
    const side = { field: "calibration.side_m", words: "input should be greater than 0", code: "above", limit: 0 };
    expect(problemAt([weight, { ...weight, field: "weights.hot" }], "weights", ru, languageOf("ru"))).toBe("Должно быть не больше 0,99.");
    expect(problemAt([side], "calibration", he, languageOf("he"))).toBe("חייב להיות יותר מ־0.");
  });

  it("with a word that the page does not know stays as it came", () => {
    for (const code of ["toString", "newer_word"]) {
      expect(problemAt([{ field: "a", words: "no", code, limit: null }], "a", ru, languageOf("ru"))).toBe("\u2068no\u2069");
    }
  });

  it("beside no field says where it is", () => {
    const at = (field: string): string => placeOf({ field, words: "", code: "", limit: null }, policy(), ru);
    expect(at("zones.Gate.polygon.0")).toBe("зоны · \u2068Gate\u2069");
    expect(at("rules.crowd_at")).toBe("тонкая настройка · Толпа от, человек");
    expect(at("thermal_alignment")).toBe("совмещение с тепловизором");
  });
});
