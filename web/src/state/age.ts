/** How old a picture truly is, and where the time went. */

export interface PictureStamp {
  readonly frameId: number;
  /** Edge clock. */
  readonly capturedAt: number;
  /** Age at the edge when it was sent; null when unknown. */
  readonly ageAtEdgeS: number | null;
  /** Page clock. */
  readonly arrivedAt: number;
  /** Smaller than the camera's own picture: sent while nobody looked, or to save bytes. */
  readonly thumbnail: boolean;
}

export interface PictureAge {
  readonly seconds: number;
  /** False when the clocks are not compared yet: then it is at least `seconds` old. */
  readonly exact: boolean;
  readonly edgeS: number | null;
  readonly networkS: number | null;
  readonly pageS: number;
}

/**
 * The age of a picture at `now` (page clock). `edgeAheadS` is edge clock minus hub clock and `hubAheadS` hub clock minus
 * page clock, null while not measured. A picture is never younger than the time that is proven by one clock alone.
 */
export function pictureAge(
  stamp: PictureStamp,
  now: number,
  edgeAheadS: number | null,
  hubAheadS: number | null,
): PictureAge {
  const pageS = Math.max(0, now - stamp.arrivedAt);
  const provenS = (stamp.ageAtEdgeS ?? 0) + pageS;
  if (edgeAheadS === null || hubAheadS === null) {
    return { seconds: provenS, exact: false, edgeS: stamp.ageAtEdgeS, networkS: null, pageS };
  }
  const capturedAtHere = stamp.capturedAt - edgeAheadS - hubAheadS;
  const seconds = Math.max(provenS, now - capturedAtHere);
  return { seconds, exact: true, edgeS: stamp.ageAtEdgeS, networkS: seconds - provenS, pageS };
}
