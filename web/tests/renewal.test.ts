import { describe, expect, it } from "vitest";
import { renew, type Renewing } from "../src/shell/renewal";

const KEYS = { p256dh: "p", auth: "a" };

function subscription(endpoint: string): PushSubscription {
  return { endpoint, options: { applicationServerKey: new ArrayBuffer(65) }, toJSON: () => ({ endpoint, keys: KEYS }) } as unknown as PushSubscription;
}

/** A browser that has `current`, gives `next` when asked to subscribe, and a hub that answers `status`. */
function browser(known: string, current: string | null, next: string, status: number | "away") {
  const asked: [string, unknown][] = [];
  const kept: string[] = [];
  const ways: Renewing = {
    manager: {
      getSubscription: async () => (current === null ? null : subscription(current)),
      subscribe: async (options: PushSubscriptionOptionsInit) => {
        asked.push(["subscribe", options.applicationServerKey]);
        return subscription(next);
      },
    } as unknown as PushManager,
    known: async () => known,
    keep: async (endpoint) => void kept.push(endpoint),
    fetch: async (path, init) => {
      if (status === "away") throw new TypeError("no network");
      if (path === "api/push") return Response.json({ public_key: "the hub's", subscriptions: [] });
      asked.push([path, JSON.parse(String(init?.body))]);
      return new Response("{}", { status });
    },
  };
  return { ways, asked, kept };
}

describe("an exchanged push subscription", () => {
  it("is told to the hub in place of the old one", async () => {
    const { ways, asked, kept } = browser("https://push/old", null, "unused", 201);
    expect(await renew(ways, subscription("https://push/old"), subscription("https://push/new"))).toBe("done");
    expect(asked).toEqual([["api/push/subscriptions", { endpoint: "https://push/new", keys: KEYS, replaces: "https://push/old" }]]);
    expect(kept).toEqual(["https://push/new"]);
  });

  it("is asked for where the browser gives none, with the key of the old one or of the hub", async () => {
    const withOld = browser("", null, "https://push/new", 201);
    expect(await renew(withOld.ways, subscription("https://push/old"), null)).toBe("done");
    expect(withOld.asked[0]?.[1]).toBeInstanceOf(ArrayBuffer);
    const withoutOld = browser("https://push/old", null, "https://push/new", 201);
    expect(await renew(withoutOld.ways, null, null)).toBe("done");
    expect(withoutOld.asked[0]).toEqual(["subscribe", "the hub's"]);
  });

  it("waits for a hub that is away, or for somebody who signs in", async () => {
    for (const status of ["away", 401, 503] as const) {
      const { ways, kept } = browser("https://push/old", "https://push/new", "unused", status);
      expect(await renew(ways, null, null)).toBe("later");
      expect(kept).toEqual([]);
    }
  });

  it("ends where the hub has forgotten the old one", async () => {
    const { ways, kept } = browser("https://push/old", "https://push/new", "unused", 404);
    expect(await renew(ways, null, null)).toBe("ended");
    expect(kept).toEqual([""]);
  });

  it("is nothing to do where nothing changed, or nobody is told here", async () => {
    expect(await renew(browser("https://push/old", "https://push/old", "unused", "away").ways, null, null)).toBe("unneeded");
    expect(await renew(browser("", "https://push/new", "unused", "away").ways, null, null)).toBe("unneeded");
  });
});
