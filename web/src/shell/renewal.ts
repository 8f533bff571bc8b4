/**
 * A browser may exchange its push subscription whenever it likes (Push API, 10.4): the hub is told of the new one, which
 * takes the place and the rules of the old.
 *
 * The worker's alone, see `notice.ts`.
 */

/** What it takes to renew; the worker gives its own. */
export interface Renewing {
  readonly manager: PushManager;
  /** The endpoint that the hub knows of; empty when it knows none of this browser. */
  readonly known: () => Promise<string>;
  readonly keep: (endpoint: string) => Promise<void>;
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
}

/** `unneeded`: the hub knows it already, or nothing; `later`: try again when somebody has the page open; `ended`: the hub has forgotten it. */
export type Renewal = "done" | "unneeded" | "later" | "ended";

/** `old` and `fresh` are what the browser says of the exchange, where it says anything. */
export async function renew(ways: Renewing, old: PushSubscription | null, fresh: PushSubscription | null): Promise<Renewal> {
  const replaces = (await ways.known()) || (old?.endpoint ?? "");
  if (replaces === "") return "unneeded";
  try {
    const given = fresh ?? (await ways.manager.getSubscription()) ?? (await subscribeAnew(ways, old));
    if (given.endpoint === replaces) return "unneeded";
    const { endpoint, keys } = given.toJSON();
    const answer = await ways.fetch("api/push/subscriptions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ endpoint, keys, replaces }),
    });
    if (answer.ok) await ways.keep(given.endpoint);
    else if (answer.status === 404) await ways.keep("");
    return answer.ok ? "done" : answer.status === 404 ? "ended" : "later";
  } catch {
    return "later"; // no network, nobody signed in, or the push service is away
  }
}

async function subscribeAnew({ manager, fetch }: Renewing, old: PushSubscription | null): Promise<PushSubscription> {
  const applicationServerKey = old?.options.applicationServerKey ?? (await (await fetch("api/push")).json()).public_key;
  return manager.subscribe({ userVisibleOnly: true, applicationServerKey });
}
