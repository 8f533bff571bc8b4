/** A policy in the spelling of the hub: the other way of `readPolicy`. */

import type { Alignment, Calibration, Line, Policy, Zone } from "./policy";

export function policyJson(policy: Policy) {
  const { levels, hours, events } = policy;
  return {
    preset: policy.preset,
    weights: policy.weights,
    places: policy.places,
    levels: {
      watch: levels.watch,
      alert: levels.alert,
      critical: levels.critical,
      margin: levels.margin,
      rise_s: levels.riseS,
      fall_s: levels.fallS,
    },
    hours,
    events: {
      news: events.news,
      level: events.level,
      open_after_s: events.openAfterS,
      close_after_s: events.closeAfterS,
      update_every_s: events.updateEveryS,
    },
    rules: policy.rules,
    thermal: policy.thermal,
    zones: Object.fromEntries(policy.zones.map((zone) => [zone.name, zoneJson(zone)])),
    lines: Object.fromEntries(policy.lines.map((line) => [line.name, lineJson(line)])),
    calibration: policy.calibration === null ? null : calibrationJson(policy.calibration),
    thermal_alignment: policy.alignment === null ? null : alignmentJson(policy.alignment),
  };
}

/** The places of a policy alone, over a preset: the rest is the preset's. */
export function placesJson(policy: Policy, preset: string): unknown {
  const { zones, lines, places, calibration, thermal_alignment } = policyJson(policy);
  return { preset, zones, lines, places, calibration, thermal_alignment };
}

function zoneJson(zone: Zone): unknown {
  return {
    polygon: zone.polygon,
    kind: zone.kind,
    labels: zone.labels,
    restricted: zone.restricted,
    no_stopping: zone.noStopping,
    direction_deg: zone.directionDeg,
    loiter_after_s: zone.loiterAfterS,
    crowd_at: zone.crowdAt,
  };
}

function lineJson({ start, end, labels, allowed }: Line): unknown {
  return { start, end, labels, allowed };
}

function calibrationJson({ corners, sideM, secondM, width, height, clickPx }: Calibration): unknown {
  return { corners, side_m: sideM, second_m: secondM, width, height, click_px: clickPx };
}

function alignmentJson({ thermal, image }: Alignment): unknown {
  return { thermal, image };
}
