/** Puts the shell worker to work, says when a newer page waits to be shown, and tells the worker who reads. */

/** Register the worker where the browser allows it; `ready` is called with a function that switches to the new page. */
export async function registerShell(ready: (reload: () => void) => void): Promise<void> {
  if (!("serviceWorker" in navigator) || !window.isSecureContext) return;
  const registration = await navigator.serviceWorker.register("sw.js").catch(() => null);
  if (registration === null) return;
  const offer = (): void => {
    const { waiting } = registration;
    if (waiting === null || navigator.serviceWorker.controller === null) return;
    ready(() => {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
      waiting.postMessage("take over");
    });
  };
  offer();
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offer));
}

/** Notifications that come while the page is closed will be in this language. */
export function tellLanguage(language: string): Promise<void> {
  return tellWorker({ language });
}

/** Where the hub finds this browser from now on; empty for nowhere. */
export function tellEndpoint(endpoint: string): Promise<void> {
  return tellWorker({ endpoint });
}

/** Somebody is here who may be asked: a subscription that the browser exchanged meanwhile can be renewed. */
export function askToRenew(): Promise<void> {
  return tellWorker("renew");
}

async function tellWorker(message: unknown): Promise<void> {
  if (!("serviceWorker" in navigator) || !window.isSecureContext) return;
  (await navigator.serviceWorker.ready).active?.postMessage(message);
}
