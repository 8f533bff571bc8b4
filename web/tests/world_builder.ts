import type { Box } from "../src/wire/box";
import { EMPTY_SCENE, type EventMessage, type Observation } from "../src/wire/messages";

interface ObservationFacts {
  readonly capturedAt?: number;
  readonly boxes?: readonly Box[];
  readonly score?: number;
  readonly source?: string;
}

/** An observation of frame `frameId`, captured at ten frames a second unless told otherwise. */
export function observationOf(frameId: number, facts: ObservationFacts = {}): Observation {
  const { capturedAt = frameId / 10, boxes = [], score = 0.2, source = "house/gate" } = facts;
  return {
    type: "observation",
    source,
    frameId,
    capturedAt,
    width: 640,
    height: 360,
    risk: { score, level: "NORMAL", factors: [] },
    scene: EMPTY_SCENE,
    tracks: boxes.map((box, index) => ({
      trackId: index + 1,
      label: "person",
      box,
      score: 1,
      speed: null,
      headingDeg: null,
      ageS: 0,
      coasting: false,
      doing: [],
      zones: [],
      hottestCelsius: null,
      risk: 0,
    })),
    fps: 10,
    analyzed: true,
    dropped: 0,
  };
}

export function eventOf(seq: number, facts: Partial<EventMessage> = {}): EventMessage {
  return {
    type: "event",
    source: "house/gate",
    seq,
    incidentId: "one",
    kind: "loitering",
    phase: "opened",
    at: 100 + seq,
    openedAt: 100,
    level: "WATCH",
    score: 0.3,
    words: `message ${seq}`,
    factors: [],
    trackIds: [],
    zone: "",
    frameId: 0,
    mark: null,
    ...facts,
  };
}
