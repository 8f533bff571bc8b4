/** A rectangle on the wire: x1, y1, x2, y2 in fractions of a picture. */

import { ContractError, type ObjectReader } from "./reader";

export type Box = readonly [x1: number, y1: number, x2: number, y2: number];

export function readBox(from: ObjectReader): Box {
  const [x1, y1, x2, y2, ...more] = from.numbers("box");
  if (x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined || more.length > 0) {
    throw new ContractError("$.box", "4 numbers", "another count");
  }
  return [x1, y1, x2, y2];
}
