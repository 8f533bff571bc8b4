/** What this browser can do about notifications, and its own subscription. */

/** Why not; "yes" when nothing is known to stand against it. */
export type Possibility = "yes" | "insecure" | "install" | "unsupported" | "untrusted" | "denied" | "dismissed" | "service";

/** What can be told without asking anybody. */
export function possibility(): Possibility {
  if (!window.isSecureContext) return "insecure";
  const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  if (!able) return isAppleTouch() && !isInstalled() ? "install" : "unsupported";
  return Notification.permission === "denied" ? "denied" : "yes";
}

export async function ownSubscription(): Promise<PushSubscription | null> {
  if (possibility() === "insecure" || !("serviceWorker" in navigator)) return null;
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager?.getSubscription()) ?? null;
}

/** Ask the reader, then the browser's push service. Gives the subscription, or why there is none. */
export async function allow(publicKey: string): Promise<PushSubscription | Possibility> {
  const permission = await Notification.requestPermission();
  if (permission !== "granted") return permission === "denied" ? "denied" : "dismissed";
  const registration = await navigator.serviceWorker.getRegistration();
  if (registration === undefined) return "untrusted";
  const options = { userVisibleOnly: true, applicationServerKey: publicKey };
  try {
    return await registration.pushManager.subscribe(options);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "InvalidStateError") return "service";
  }
  // Subscribed with the key of a hub that has lost it.
  await (await registration.pushManager.getSubscription())?.unsubscribe();
  return registration.pushManager.subscribe(options).catch(() => "service" as const);
}

/** "Chrome · Android": product names are the same in every language. */
export function deviceName(agent: string): string {
  const first = (names: readonly (readonly [RegExp, string])[]): string => names.find(([pattern]) => pattern.test(agent))?.[1] ?? "";
  const browser = first([
    [/Edg/u, "Edge"],
    [/OPR\//u, "Opera"],
    [/SamsungBrowser/u, "Samsung Internet"],
    [/Firefox|FxiOS/u, "Firefox"],
    [/Chrome|CriOS/u, "Chrome"],
    [/Safari/u, "Safari"],
  ]);
  const system = first([
    [/Android/u, "Android"],
    [/iPhone/u, "iPhone"],
    [/iPad/u, "iPad"],
    [/Windows/u, "Windows"],
    [/Macintosh/u, "Mac"],
    [/CrOS/u, "ChromeOS"],
    [/Linux/u, "Linux"],
  ]);
  return [browser, system].filter((name) => name !== "").join(" · ");
}

/** An iPad says that it is a Mac, with fingers. */
function isAppleTouch(): boolean {
  return /iPhone|iPad/u.test(navigator.userAgent) || (/Macintosh/u.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
}

function isInstalled(): boolean {
  return matchMedia("(display-mode: standalone)").matches;
}
