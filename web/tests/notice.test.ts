import { describe, expect, it } from "vitest";
import { NOTICE_CATALOGUE } from "../src/shell/notice_catalogue";
import { wordNotice, type LanguageCode, type Shown } from "../src/shell/notice";
import { deviceName } from "../src/notify/browser";
import { pushIdOf } from "../src/wire/push";

const NOTICE = { kind: "loitering", level: "ALERT", source: "yard/gate", camera: "Gate", incident_id: "i 1", at: 1_700_000_000, zone: "Lawn" };

function shown(notice: object | string, language: LanguageCode = "en"): Shown {
  const words = NOTICE_CATALOGUE[language];
  if (words === undefined) throw new Error(`expected words for ${language}, got none`);
  return wordNotice(typeof notice === "string" ? notice : JSON.stringify(notice), words, language);
}

describe("a notification", () => {
  it("says level, camera, cause and place in the reader's language", () => {
    expect(shown(NOTICE).title).toBe("Alert: \u2068Gate\u2069");
    expect(shown(NOTICE).options.body).toMatch(/^loitering · \u2068Lawn\u2069 · \d/u);
    expect(shown(NOTICE, "ru").title).toBe("Тревога: \u2068Gate\u2069");
    expect(shown(NOTICE, "he").title).toMatch(/^[א-ת]+: \u2068Gate\u2069$/u);
    expect(shown(NOTICE, "he").options.dir).toBe("rtl");
  });

  it("leads to the event, and a worse one takes its place", () => {
    const worse = shown({ ...NOTICE, level: "CRITICAL" }).options;
    expect(worse.data).toBe("#/events/yard/gate/i%201");
    expect(worse.tag).toBe(shown(NOTICE).options.tag);
    expect([shown(NOTICE).options.requireInteraction, worse.requireInteraction]).toEqual([false, true]);
    expect(shown({ ...NOTICE, incident_id: "i 2" }).options.tag).not.toBe(worse.tag);
  });

  it("takes names as text, and words of next year as they come", () => {
    expect(shown({ ...NOTICE, camera: "a\u202eb", level: "PANIC" }).title).toBe("PANIC: \u2068ab\u2069");
    expect(shown({ ...NOTICE, kind: "comet", zone: "", at: 0 }).options.body).toBe("comet");
  });

  it("is shown whatever comes", () => {
    for (const odd of ["", "null", "[1]", "{", '{"level": 7, "source": null}']) expect(shown(odd).title).toBe("AI Monitor: something happened");
    expect(shown({ kind: "test" }).title).toBe("AI Monitor: it works");
  });
});

describe("a device", () => {
  it("is called by its browser and system", () => {
    expect(deviceName("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36")).toBe("Chrome · Android");
    expect(deviceName("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1")).toBe("Safari · iPhone");
    expect(deviceName("")).toBe("");
  });

  it("is known to the hub by its endpoint's digest", async () => {
    expect(await pushIdOf("abc")).toBe("ba7816bf8f01cfea414140de");
  });
});
