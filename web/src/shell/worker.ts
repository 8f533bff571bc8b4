/**
 * Keeps the shell of the page (its own files, by hashed name) so that it opens at once and without a network, and shows
 * what the hub tells while the page is closed.
 *
 * It never touches the API, the snapshots or the WebSocket: what is live is never answered from a cache.
 */

import { ENDED, wordNotice, type LanguageCode, type NoticeWords } from "./notice";
import { renew, type Renewing } from "./renewal";

/** The files of this build and the words of notifications, put in by the build itself. */
declare const __SHELL_FILES__: readonly string[];
declare const __SHELL_VERSION__: string;
declare const __NOTICE_WORDS__: Readonly<Record<LanguageCode, NoticeWords>>;

const worker = self as unknown as ServiceWorkerGlobalScope;
const PREFIX = "aimonitor-shell-";
const CACHE = PREFIX + __SHELL_VERSION__;
const NETWORK_PATIENCE_MS = 3_000;
/** What the page said of its reader, for when there is no page. */
const READER = "aimonitor-reader";
const LANGUAGE = "language";
/** Where the hub finds this browser, as far as the page or this worker told it. */
const ENDPOINT = "endpoint";

worker.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(["./", ...__SHELL_FILES__])));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(removeOldShells().then(() => worker.clients.claim()));
});

worker.addEventListener("message", (event) => {
  if (event.data === "take over") void worker.skipWaiting();
  else if (event.data === "renew") event.waitUntil(renewSubscription(null, null));
  else if (isLanguage(event.data?.language)) event.waitUntil(keep(LANGUAGE, event.data.language));
  else if (typeof event.data?.endpoint === "string") event.waitUntil(keep(ENDPOINT, event.data.endpoint));
});

worker.addEventListener("pushsubscriptionchange", (event) => {
  const { oldSubscription = null, newSubscription = null } = event as PushSubscriptionChangeEvent;
  (event as ExtendableEvent).waitUntil(renewSubscription(oldSubscription, newSubscription));
});

worker.addEventListener("push", (event) => {
  event.waitUntil(tell(event.data?.text() ?? ""));
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(String(event.notification.data ?? "")));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== worker.location.origin) return;
  const scope = new URL(worker.registration.scope).pathname;
  if (address.pathname === scope) event.respondWith(newestPage(request));
  else if (__SHELL_FILES__.includes(address.pathname.slice(scope.length))) event.respondWith(keptFile(request));
});

async function removeOldShells(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
}

/** The page itself from the network, or the kept one when that takes too long. */
async function newestPage(request: Request): Promise<Response> {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(NETWORK_PATIENCE_MS) });
  } catch {
    return (await caches.match("./", { ignoreVary: true })) ?? Response.error();
  }
}

/** The name tells the content, so whatever else the answer may vary by does not matter. */
async function keptFile(request: Request): Promise<Response> {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}

async function tell(payload: string): Promise<void> {
  const language = await keptLanguage();
  const { title, options } = wordNotice(payload, __NOTICE_WORDS__[language], language);
  await worker.registration.showNotification(title, options);
}

/** Show a view of the dashboard: in a window that has it open already, else in a new one. */
async function open(view: string): Promise<void> {
  const address = worker.registration.scope + view;
  const windows = await worker.clients.matchAll({ type: "window" });
  const shown = windows.find((each) => each.focused) ?? windows[0];
  if (shown === undefined) {
    await worker.clients.openWindow(address);
    return;
  }
  const there = (await shown.navigate(address).catch(() => null)) ?? shown;
  await there.focus().catch(() => null); // refused unless it was a person who clicked
}

function isLanguage(value: unknown): value is LanguageCode {
  return typeof value === "string" && Object.hasOwn(__NOTICE_WORDS__, value);
}

const renewing: Renewing = {
  manager: worker.registration.pushManager,
  known: async () => (await kept(ENDPOINT)) ?? "",
  keep: (endpoint) => keep(ENDPOINT, endpoint),
  fetch: (path, init) => fetch(new URL(path, worker.registration.scope), { cache: "no-store", ...init }),
};

/** Where the hub has forgotten this browser, its owner is told instead of never hearing anything again. */
async function renewSubscription(old: PushSubscription | null, fresh: PushSubscription | null): Promise<void> {
  if ((await renew(renewing, old, fresh)) === "ended") await tell(JSON.stringify({ kind: ENDED }));
}

async function keep(what: string, value: string): Promise<void> {
  const cache = await caches.open(READER);
  await cache.put(what, new Response(value));
}

async function kept(what: string): Promise<string | undefined> {
  return (await caches.match(what, { cacheName: READER }))?.text();
}

/** As the page was last read, or as the browser is. */
async function keptLanguage(): Promise<LanguageCode> {
  const wished = [await kept(LANGUAGE), ...worker.navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]?.replace("iw", "he"))];
  return wished.find(isLanguage) ?? "en";
}
