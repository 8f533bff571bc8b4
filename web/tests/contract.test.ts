import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseFrame } from "../src/wire/frames";
import { parseMessage } from "../src/wire/messages";
import { ContractError } from "../src/wire/reader";

const SAMPLES = join(import.meta.dirname, "../../tests/contract/samples/v2");
const FROM_HUB = ["marked", "welcome", "presence", "status", "layout", "observation", "thermogram", "event", "command_result", "pong", "refusal"];

describe("messages", () => {
  it("fill absent fields with the defaults of the catalogue", () => {
    const message = parseMessage(
      '{"type":"observation","source":"house/gate","frame_id":7,"captured_at":1.5,"width":640,"height":360,' +
        '"risk":{"score":0.1,"level":"NORMAL"},"tracks":[{"track_id":1,"label":"person","box":[0,0.1,0.2,0.3]}]}',
    );
    expect(message).toMatchObject({
      type: "observation",
      scene: { persons: 0, avgSpeed: { value: 0, unit: "px/s" }, convoyDetected: false },
      tracks: [{ trackId: 1, speed: null, coasting: false, doing: [], risk: 0 }],
      analyzed: true,
    });
  });

  it("ignore unknown fields and report unknown types", () => {
    expect(parseMessage('{"type":"pong","sent_at":1,"received_at":2,"replied_at":3,"mood":"fine"}').type).toBe("pong");
    expect(parseMessage('{"type":"horoscope","x":1}')).toEqual({ type: "unknown", name: "horoscope" });
  });

  it.each([
    ["nonsense", "$: expected a JSON message, got nonsense"],
    ["[]", "$: expected an object, got an array of 0"],
    ['{"type":"status","source":"a/b","since":1}', "$.state: expected a string, got nothing"],
    ['{"type":"pong","sent_at":"x"}', '$.sent_at: expected a finite number, got "x"'],
    ['{"type":"presence","edge_id":"a","online":1,"since":1}', "$.online: expected true or false, got 1"],
  ])("refuse %s", (text, complaint) => {
    expect(() => parseMessage(text)).toThrow(new ContractError(...split(complaint)));
  });

  it("refuse a box of three numbers", () => {
    const track = '{"track_id":1,"label":"person","box":[0,0.1,0.2]}';
    const head = '{"type":"observation","source":"a/b","frame_id":7,"captured_at":1,"width":1,"height":1,';
    expect(() => parseMessage(`${head}"risk":{"score":0,"level":"NORMAL"},"tracks":[${track}]}`)).toThrow("4 numbers");
  });
});

describe("golden samples", () => {
  const names = existsSync(SAMPLES) ? readdirSync(SAMPLES) : [];

  it.skipIf(names.length === 0)("are all understood or known to be for others", () => {
    for (const name of names.filter((file) => file.endsWith(".json"))) {
      const text = readFileSync(join(SAMPLES, name), "utf8");
      const { type } = JSON.parse(text) as { type: string };
      expect(parseMessage(text).type, name).toBe(FROM_HUB.includes(type) ? type : "unknown");
    }
    for (const name of names.filter((file) => file.endsWith(".bin"))) {
      const bytes = readFileSync(join(SAMPLES, name));
      const frame = parseFrame(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      expect([...frame.jpeg.slice(0, 2)], name).toEqual([0xff, 0xd8]);
    }
  });
});

describe("frames", () => {
  it("are read to the byte", () => {
    const frame = parseFrame(frameBytes({ extra: 3 }));
    expect(frame).toMatchObject({
      source: "house/gate",
      frameId: 2 ** 40 + 5,
      capturedAt: 1_700_000_000.125,
      width: 640,
      height: 360,
      ageS: 0.25,
      thumbnail: true,
    });
    expect([...frame.jpeg]).toEqual([0xff, 0xd8, 0x01]);
  });

  it("say that an age is unknown", () => {
    expect(parseFrame(frameBytes({ ageUs: 0xffffffff })).ageS).toBeNull();
  });

  it("are refused when they are cut or of another kind", () => {
    expect(() => parseFrame(new ArrayBuffer(12))).toThrow("at least 29 bytes");
    expect(() => parseFrame(frameBytes({ kind: 2 }))).toThrow("frame.kind");
    expect(() => parseFrame(frameBytes({ headerBytes: 250 }))).toThrow("frame.header_length");
  });
});

interface FrameFacts {
  readonly kind?: number;
  readonly headerBytes?: number;
  readonly ageUs?: number;
  /** Bytes of a newer version at the end of the header. */
  readonly extra?: number;
}

function frameBytes({ kind = 1, ageUs = 250_000, extra = 0, headerBytes }: FrameFacts): ArrayBuffer {
  const source = new TextEncoder().encode("house/gate");
  const length = 29 + source.length + extra;
  const bytes = new Uint8Array(length + 3);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kind);
  view.setUint8(1, headerBytes ?? length);
  view.setUint16(2, 640, true);
  view.setUint16(4, 360, true);
  view.setUint16(6, 1, true);
  view.setFloat64(8, 1_700_000_000.125, true);
  view.setBigUint64(16, 2n ** 40n + 5n, true);
  view.setUint32(24, ageUs, true);
  view.setUint8(28, source.length);
  bytes.set(source, 29);
  bytes.set([0xff, 0xd8, 0x01], length);
  return bytes.buffer;
}

function split(complaint: string): [string, string, string] {
  const match = /^(\S+): expected (.+), got (.+)$/u.exec(complaint);
  if (match === null) throw new Error(complaint);
  return [match[1] ?? "", match[2] ?? "", match[3] ?? ""];
}
