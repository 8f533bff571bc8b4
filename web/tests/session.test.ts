import { afterEach, describe, expect, it, vi } from "vitest";
import { SessionKeeper } from "../src/session_keeper";
import { isAdmitted, may, nextSession, type Session } from "../src/state/session";
import { hrefOf, parseRoute, type Route } from "../src/ui/route";
import { Hub, nothing } from "../src/wire/hub";

const ANNA = { name: "Anna", role: "admin" } as const;
const VERA = { name: "Vera", role: "viewer" } as const;

/** A hub that answers each request with the next of `answers`. */
function hubOf(...answers: readonly Response[]): void {
  const left = [...answers];
  vi.stubGlobal("fetch", () => Promise.resolve(left.shift() ?? Response.error()));
}

afterEach(() => vi.unstubAllGlobals());

describe("a session", () => {
  it("ends under a page that was in use, and begins anew for one that was not", () => {
    const out = { access: "login", user: null } as const;
    expect(nextSession({ kind: "unknown" }, out)).toEqual({ kind: "out" });
    expect(nextSession({ kind: "in", user: VERA }, out)).toEqual({ kind: "ended", user: VERA });
    expect(nextSession({ kind: "open" }, out)).toEqual({ kind: "ended", user: null });
    expect(nextSession({ kind: "ended", user: VERA }, { access: "login", user: ANNA })).toEqual({ kind: "in", user: ANNA });
    expect(nextSession({ kind: "unknown" }, { access: "setup", user: null })).toEqual({ kind: "setup" });
  });

  it("lets people do what their role allows, and everybody on an open hub all", () => {
    const rights = (session: Session): readonly boolean[] => (["viewer", "operator", "admin"] as const).map((role) => may(session, role));
    expect(rights({ kind: "in", user: VERA })).toEqual([true, false, false]);
    expect(rights({ kind: "in", user: { name: "Boris", role: "operator" } })).toEqual([true, true, false]);
    expect(rights({ kind: "open" })).toEqual([true, true, true]);
    expect(rights({ kind: "unknown" })).toEqual([false, false, false]);
    expect(isAdmitted({ kind: "ended", user: ANNA })).toBe(false);
  });

  it("gets the live connection a ticket, and nothing when it is over", async () => {
    const keeper = new SessionKeeper(new URL("http://hub/"));
    hubOf(Response.json({ access: "login", user: VERA }), Response.json({ ticket: "t1" }));
    expect(await keeper.subprotocols()).toEqual(["aimonitor.v2", "aimonitor.ticket.t1"]);
    hubOf(new Response(null, { status: 401 }), Response.json({ access: "login", user: null }));
    expect(await keeper.subprotocols()).toBeNull();
    await keeper.check();
    expect(keeper.session.value).toEqual({ kind: "ended", user: VERA });
  });

  it("waits no longer for a ticket than a socket may take to open", async () => {
    const patience: number[] = [];
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
      patience.push(ms);
      return timeout(ms);
    });
    hubOf(Response.json({ access: "login", user: VERA }), Response.json({ ticket: "t1" }));
    await new SessionKeeper(new URL("http://hub/")).subprotocols();
    vi.restoreAllMocks();
    expect(patience).toEqual([4_000, 4_000]);
  });

  it("is not asked for by a hub from before sessions, nor lost with one that is away", async () => {
    const keeper = new SessionKeeper(new URL("http://hub/"));
    hubOf(Response.error());
    await keeper.check();
    expect(keeper.session.value).toEqual({ kind: "unknown" });
    hubOf(new Response("{}", { status: 404 }));
    expect(await keeper.subprotocols()).toEqual(["aimonitor.v2"]);
    expect(keeper.session.value).toEqual({ kind: "open" });
  });
});

describe("the hub", () => {
  it("refuses in words, with the fields that are wrong", async () => {
    const hub = new Hub(new URL("http://hub/"), () => undefined);
    const body = { error: { field: "$.name", expected: "a name that nobody has", got: "'Anna'" }, problems: [{ field: "a.b", words: "no" }] };
    hubOf(Response.json(body, { status: 422, headers: { "retry-after": "60" } }));
    expect(await hub.call("POST", "api/users", nothing, {})).toEqual({
      ok: false,
      refusal: { status: 422, code: "invalid", field: "name", words: "expected a name that nobody has, got 'Anna'", problems: [{ field: "a.b", words: "no", code: "", limit: null }], retryAfterS: 60 },
    });
  });

  it("that is away, or speaks nonsense, is a refusal too", async () => {
    const hub = new Hub(new URL("http://hub/"), () => undefined);
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
    expect(await hub.call("GET", "api/users", nothing)).toMatchObject({ ok: false, refusal: { status: 0, words: "" } });
    hubOf(Response.json([1]));
    expect(await hub.call("GET", "api/users", nothing)).toMatchObject({ ok: false, refusal: { status: 0, words: "$: expected an object, got an array of 1" } });
  });
});

describe("an address", () => {
  const ROUTES: readonly Route[] = [
    { view: "setup", place: { section: "cameras" } },
    { view: "setup", place: { section: "people" } },
    { view: "setup", place: { section: "devices", code: "ABCD-EFGH" } },
    { view: "setup", place: { section: "first", code: "x7_-Q" } },
    { view: "setup", place: { section: "camera", source: "house/gate 1", tab: "risk" } },
    { view: "what-if", source: "house/gate", at: 1700000000 },
  ];

  it.each(ROUTES)("leads to its view and back: $view $place.section", (route) => {
    expect(parseRoute(hrefOf(route))).toEqual(route);
  });
});
