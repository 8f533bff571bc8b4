/** The hub's events, page by page into the past, as far back as somebody looks. */

import { Store } from "./state/store";
import { fetchHistory } from "./wire/history";
import type { Hub } from "./wire/hub";
import type { EventMessage } from "./wire/messages";

const PAGE = "1000";
/** More than a page can hold in memory is not asked for. */
const MOST_EVENTS = 20_000;
/** An edge's clock may be so far behind the hub's. */
const SKEW_S = 120;

export interface Archive {
  readonly events: readonly EventMessage[];
  /** Hub clock: everything that the hub took in since then is here. */
  readonly since: number;
  /** There is nothing older, or no more of it can be held. */
  readonly complete: boolean;
  readonly loading: boolean;
}

const NOTHING_YET: Archive = { events: [], since: Number.POSITIVE_INFINITY, complete: false, loading: false };

export class EventArchive {
  readonly archive = new Store<Archive>(NOTHING_YET);
  private next: number | null = null;
  private wanted = Number.POSITIVE_INFINITY;

  constructor(private readonly hub: Hub) {}

  /** Begin again with the newest, as far back as before. */
  async renew(): Promise<void> {
    if (this.archive.value.loading) return;
    const { since } = this.archive.value;
    this.next = null;
    if (await this.load(NOTHING_YET)) await this.reach(since);
  }

  /** Have everything since `at` (hub clock). */
  async reach(at: number): Promise<void> {
    this.wanted = Math.min(this.wanted, at);
    while (this.archive.value.since > this.wanted - SKEW_S && !this.archive.value.complete) {
      if (!(await this.older())) return;
    }
  }

  /** One page more; false when it did not come, or another is under way. */
  async older(): Promise<boolean> {
    const { loading, complete } = this.archive.value;
    return !loading && !complete && this.load(this.archive.value);
  }

  /** A page more than `before`. What is shown stays until it comes. */
  private async load(before: Archive): Promise<boolean> {
    this.archive.set({ ...this.archive.value, loading: true });
    const query = { limit: PAGE, samples: "0", ...(this.next === null ? {} : { before: String(this.next) }) };
    const { answered, nextBefore, receivedSince, events: page } = await fetchHistory(this.hub, query);
    if (!answered) {
      this.archive.set({ ...this.archive.value, loading: false });
      return false;
    }
    this.next = nextBefore;
    const events = [...before.events, ...page];
    const complete = nextBefore === null || events.length >= MOST_EVENTS;
    this.archive.set({ events, since: receivedSince ?? before.since, complete, loading: false });
    return true;
  }
}
