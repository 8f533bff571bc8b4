/** What a view was set to, behind `?` in the address: it survives a reload, a link that is sent on, and the way back. */

export function readAddress(): URLSearchParams {
  return new URLSearchParams(location.hash.split("?")[1] ?? "");
}

/** Keep what is not as usual. The view stays as it is, and no step of the way back is added. */
export function keepInAddress(values: Readonly<Record<string, string>>, usual: Readonly<Record<string, string>>): void {
  const kept = new URLSearchParams(Object.entries(values).filter(([name, value]) => value !== usual[name])).toString();
  const view = location.hash.split("?")[0] || "#/";
  history.replaceState(history.state, "", kept === "" ? view : `${view}?${kept}`);
}

/** One of the known words, or the fallback. */
export function oneOf<T extends string>(known: readonly T[], word: string | null, fallback: T): T {
  return known.find((each) => each === word) ?? fallback;
}
