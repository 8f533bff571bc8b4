/**
 * Motion JPEG in AVI, as `src/aimonitor/edge/avi.py` writes it: browsers do not play it, so the page takes it apart.
 *
 * RIFF is a tree of chunks: four letters, a little-endian length, that many bytes, padded to an even count. `LIST`
 * chunks begin with four letters that say what they hold; `movi` holds the pictures, each a chunk `NNdc`.
 */

import { ContractError } from "./reader";

const HEADER_BYTES = 8;
const PICTURE = /^\d\ddc$/u;

/** The JPEG of each picture in the order of the file, not copied; throws ContractError. */
export function readPictures(file: ArrayBuffer): readonly Uint8Array<ArrayBuffer>[] {
  const view = new DataView(file);
  if (file.byteLength < 12 || letters(view, 0) !== "RIFF" || letters(view, 8) !== "AVI ") {
    throw new ContractError("avi", "a RIFF file of the kind AVI", `${file.byteLength} other bytes`);
  }
  return [...picturesIn(view, 12, file.byteLength)];
}

function* picturesIn(view: DataView<ArrayBuffer>, from: number, to: number): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = from; at + HEADER_BYTES <= to; ) {
    const [name, bytes] = [letters(view, at), view.getUint32(at + 4, true)];
    const begin = at + HEADER_BYTES;
    if (begin + bytes > to) throw new ContractError(`avi.${name}`, `at most ${to - begin} bytes`, String(bytes));
    if (name === "LIST" && letters(view, begin) === "movi") yield* picturesIn(view, begin + 4, begin + bytes);
    else if (PICTURE.test(name) && bytes > 0) yield new Uint8Array(view.buffer, begin, bytes);
    at = begin + bytes + (bytes % 2);
  }
}

function letters(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((offset) => view.getUint8(at + offset)));
}
