/**
 * Keeps the shell of the page (its own files, by hashed name) so that it opens at once and without a network.
 *
 * It never touches the API, the snapshots or the WebSocket: what is live is never answered from a cache.
 */

/** The files of this build, put in by the build itself. */
declare const __SHELL_FILES__: readonly string[];
declare const __SHELL_VERSION__: string;

const worker = self as unknown as ServiceWorkerGlobalScope;
const PREFIX = "aimonitor-shell-";
const CACHE = PREFIX + __SHELL_VERSION__;
const NETWORK_PATIENCE_MS = 3_000;

worker.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(["./", ...__SHELL_FILES__])));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(removeOldShells().then(() => worker.clients.claim()));
});

worker.addEventListener("message", (event) => {
  if (event.data === "take over") void worker.skipWaiting();
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
