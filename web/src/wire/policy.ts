/** A camera's policy as the page works with it, to and from the JSON of the hub. Places are fractions of the image. */

import { ObjectReader, type Spot } from "./reader";

export type { Spot } from "./reader";

export interface Zone {
  readonly name: string;
  readonly polygon: readonly Spot[];
  /** What stands in a mask is ignored. */
  readonly kind: "zone" | "mask";
  /** For whom it counts; empty: for everything. */
  readonly labels: readonly string[];
  readonly restricted: boolean;
  readonly noStopping: boolean;
  /** The way of the traffic, clockwise from up in the image. */
  readonly directionDeg: number | null;
  readonly loiterAfterS: number | null;
  readonly crowdAt: number | null;
}

/** `in` is from left to right for one who looks from `start` to `end`. */
export interface Line {
  readonly name: string;
  readonly start: Spot;
  readonly end: Spot;
  readonly labels: readonly string[];
  readonly allowed: "both" | "in" | "out";
}

/** A rectangle on the ground, in order around it; `sideM` is from its first to its second corner. */
export interface Calibration {
  readonly corners: readonly Spot[];
  readonly sideM: number;
  readonly secondM: number | null;
  readonly width: number;
  readonly height: number;
  readonly clickPx: number;
}

/** The same places in the thermal picture and in the camera's. */
export interface Alignment {
  readonly thermal: readonly Spot[];
  readonly image: readonly Spot[];
}

export interface Levels {
  readonly watch: number;
  readonly alert: number;
  readonly critical: number;
  readonly margin: number;
  readonly riseS: number;
  readonly fallS: number;
}

export interface Hours {
  readonly timezone: string;
  /** "22:00-06:00" */
  readonly night: string;
  readonly known: readonly string[];
}

export interface News {
  /** Causes that open an incident of their own. */
  readonly news: readonly string[];
  readonly level: string;
  readonly openAfterS: number;
  readonly closeAfterS: number;
  readonly updateEveryS: number;
}

export type Numbers = Readonly<Record<string, number>>;

export interface Policy {
  readonly preset: string;
  readonly weights: Numbers;
  /** Factor on what happens in a zone or on a line, by its name. */
  readonly places: Numbers;
  readonly levels: Levels;
  readonly hours: Hours;
  readonly events: News;
  readonly rules: Numbers;
  readonly thermal: Numbers;
  readonly zones: readonly Zone[];
  readonly lines: readonly Line[];
  readonly calibration: Calibration | null;
  readonly alignment: Alignment | null;
}

/** Throws ContractError. */
export function readPolicy(policy: ObjectReader): Policy {
  return {
    preset: policy.text("preset", "home"),
    weights: policy.numberTable("weights"),
    places: policy.numberTable("places"),
    levels: policy.part("levels", readLevels),
    hours: policy.part("hours", readHours),
    events: policy.part("events", readNews),
    rules: policy.numberTable("rules"),
    thermal: policy.numberTable("thermal"),
    zones: policy.table("zones", (value, path, name) => readZone(new ObjectReader(value, path), name)),
    lines: policy.table("lines", (value, path, name) => readLine(new ObjectReader(value, path), name)),
    calibration: policy.part<Calibration | null>("calibration", readCalibration, null),
    alignment: policy.part<Alignment | null>("thermal_alignment", readAlignment, null),
  };
}

function readZone(zone: ObjectReader, name: string): Zone {
  return {
    name,
    polygon: zone.spots("polygon"),
    kind: zone.text("kind", "zone") === "mask" ? "mask" : "zone",
    labels: zone.texts("labels"),
    restricted: zone.flag("restricted", false),
    noStopping: zone.flag("no_stopping", false),
    directionDeg: zone.maybeNumber("direction_deg"),
    loiterAfterS: zone.maybeNumber("loiter_after_s"),
    crowdAt: zone.maybeNumber("crowd_at"),
  };
}

function readLine(line: ObjectReader, name: string): Line {
  const allowed = line.text("allowed", "both");
  return {
    name,
    start: line.spot("start"),
    end: line.spot("end"),
    labels: line.texts("labels"),
    allowed: allowed === "in" || allowed === "out" ? allowed : "both",
  };
}

function readCalibration(known: ObjectReader): Calibration {
  return {
    corners: known.spots("corners"),
    sideM: known.number("side_m"),
    secondM: known.maybeNumber("second_m"),
    width: known.number("width"),
    height: known.number("height"),
    clickPx: known.number("click_px", 2),
  };
}

function readAlignment(pairs: ObjectReader): Alignment {
  return { thermal: pairs.spots("thermal"), image: pairs.spots("image") };
}

function readLevels(levels: ObjectReader): Levels {
  return {
    watch: levels.number("watch"),
    alert: levels.number("alert"),
    critical: levels.number("critical"),
    margin: levels.number("margin"),
    riseS: levels.number("rise_s"),
    fallS: levels.number("fall_s"),
  };
}

function readHours(hours: ObjectReader): Hours {
  return { timezone: hours.text("timezone"), night: hours.text("night"), known: hours.texts("known") };
}

function readNews(events: ObjectReader): News {
  return {
    news: events.texts("news"),
    level: events.text("level"),
    openAfterS: events.number("open_after_s"),
    closeAfterS: events.number("close_after_s"),
    updateEveryS: events.number("update_every_s"),
  };
}
