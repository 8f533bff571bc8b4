/** Binary frames: the header that `src/aimonitor/contract/frames.py` lays out, then the JPEG as the camera sent it. */

import type { Source } from "./messages";
import { ContractError } from "./reader";

const JPEG_PICTURE = 1;
const THUMBNAIL = 0x0001;
const FIXED_BYTES = 29;
const AGE_UNKNOWN_US = 0xffffffff;

export interface PictureFrame {
  readonly source: Source;
  readonly frameId: number;
  /** Seconds since 1970 UTC on the edge's clock. */
  readonly capturedAt: number;
  /** Age at the edge when it was sent, in seconds; null when that was more than an hour. */
  readonly ageS: number | null;
  readonly width: number;
  readonly height: number;
  readonly thumbnail: boolean;
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

/** Decode one binary message without copying the picture; throws ContractError. */
export function parseFrame(data: ArrayBuffer): PictureFrame {
  if (data.byteLength < FIXED_BYTES) {
    throw new ContractError("frame", `a header of at least ${FIXED_BYTES} bytes`, `${data.byteLength} bytes`);
  }
  const view = new DataView(data);
  const kind = view.getUint8(0);
  if (kind !== JPEG_PICTURE) throw new ContractError("frame.kind", "1 (JPEG picture)", String(kind));
  const headerBytes = view.getUint8(1);
  const sourceBytes = view.getUint8(28);
  if (headerBytes < FIXED_BYTES + sourceBytes || headerBytes > data.byteLength) {
    throw new ContractError("frame.header_length", `${FIXED_BYTES + sourceBytes} bytes or more`, String(headerBytes));
  }
  const ageUs = view.getUint32(24, true);
  return {
    source: new TextDecoder("ascii").decode(new Uint8Array(data, FIXED_BYTES, sourceBytes)),
    frameId: Number(view.getBigUint64(16, true)),
    capturedAt: view.getFloat64(8, true),
    ageS: ageUs === AGE_UNKNOWN_US ? null : ageUs / 1e6,
    width: view.getUint16(2, true),
    height: view.getUint16(4, true),
    thumbnail: (view.getUint16(6, true) & THUMBNAIL) !== 0,
    jpeg: new Uint8Array(data, headerBytes),
  };
}
