/** The wiring: connection, feeds and world, and which cameras are asked for because someone can see them. */

import { EventArchive } from "./archive";
import { isAdmitted } from "./state/session";
import { SessionKeeper } from "./session_keeper";
import { Feed, type Painter } from "./picture/feed";
import { Pace } from "./picture/pace";
import { pictureAge, type PictureStamp } from "./state/age";
import { HubClock, pageClock } from "./state/clock";
import { LinkWatch } from "./state/link_watch";
import { Store } from "./state/store";
import { Traffic } from "./state/traffic";
import {
  applyCourse,
  applyDrawn,
  applyEvents,
  applyLink,
  applyMessage,
  applySought,
  applySlowness,
  applyStatusOfHub,
  EMPTY_WORLD,
  isSparing,
  type World,
} from "./state/world";
import { fetchEvents, fetchHistory } from "./wire/history";
import { fetchCourse } from "./wire/course";
import { HubConnection } from "./wire/connection";
import { sendMark, type MarkWord } from "./wire/media";
import type { Answer, Hub } from "./wire/hub";
import type { CommandResult, HubMessage, Source } from "./wire/messages";
import { StatusPoller } from "./wire/polling";
import type { CommandRequest, Rung } from "./wire/requests";
import { fetchStatus } from "./wire/status";

const POLL_AFTER_MS = 1_500;
const PAUSE_AFTER_MS = 20_000;
/** The answers to pings, beside the cameras, as something that can be late. */
const PINGS = "pings";
const HOUR_S = 3600;
const COURSE_POINTS = 900;
const COMMAND_TIMEOUT_MS = 12_000;
/** How far back an incident is looked for, in pages of a thousand events. */
const SOUGHT_PAGES = 20;

export class Monitor {
  readonly world = new Store<World>(EMPTY_WORLD);
  readonly keeper: SessionKeeper;
  readonly archive: EventArchive;
  /** What came over the live connection. */
  readonly traffic = new Traffic();

  private readonly clock = pageClock;
  private readonly hubClock = new HubClock();
  private readonly pace = new Pace();
  private readonly feeds = new Map<Source, Feed>();
  private readonly onScreen = new Map<Source, number>();
  private readonly commands = new Map<string, (result: CommandResult) => void>();
  private readonly connection: HubConnection;
  private readonly poller: StatusPoller;
  private readonly watch = new LinkWatch();
  private rung: Rung = "full";
  /** How many want to see heat. */
  private feeling = 0;
  private resubscribing = false;
  private asking = false;
  private hasDrawn = false;
  private pollTimer: ReturnType<typeof setTimeout> | undefined;
  private pauseTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(base: URL) {
    this.keeper = new SessionKeeper(base);
    this.archive = new EventArchive(this.keeper.hub);
    const socket = new URL("ws", base);
    socket.protocol = base.protocol === "https:" ? "wss:" : "ws:";
    this.connection = new HubConnection(socket.href, () => this.keeper.subprotocols(), this.clock, {
      message: (message) => this.receive(message),
      frame: (frame) => this.feed(frame.source).receivePicture(frame),
      received: (bytes) => this.traffic.add(bytes, this.clock.now()),
      broken: () => this.world.change((world) => ({ ...world, broken: world.broken + 1 })),
      opened: () => this.opened(),
      closed: () => this.closed(),
    });
    this.poller = new StatusPoller(this.hub, this.clock, () => (document.hidden ? [] : [...this.onScreen.keys()]), {
      message: (message) => this.receive(message),
      frame: (frame) => this.feed(frame.source).receivePicture(frame),
      answered: () => this.world.change((world) => applyLink(world, { kind: "polling" })),
      failed: () => this.markLost(),
    });
  }

  get hub(): Hub {
    return this.keeper.hub;
  }

  start(): void {
    this.join();
    this.keeper.session.watch(() => (isAdmitted(this.keeper.session.value) ? this.join() : this.pause()));
    document.addEventListener("visibilitychange", () => this.visibilityChanged());
    window.addEventListener("online", () => this.connection.hurry());
    window.addEventListener("offline", () => this.markLost());
  }

  /** Show a camera on `painter`, and ask the hub for it, until the returned function is called. */
  show(source: Source, painter: Painter): () => void {
    const detach = this.feed(source).attach(painter);
    this.onScreen.set(source, (this.onScreen.get(source) ?? 0) + 1);
    this.resubscribe();
    return () => {
      detach();
      const others = (this.onScreen.get(source) ?? 1) - 1;
      if (others > 0) this.onScreen.set(source, others);
      else {
        this.onScreen.delete(source);
        this.watch.forget(source);
        this.closeFeedsOfGoneCameras();
      }
      this.resubscribe();
    };
  }

  /** Ask for pictures (`full`) or for boxes alone (`metadata`). */
  setRung(rung: Rung): void {
    if (rung === this.rung) return;
    this.rung = rung;
    this.resubscribe();
  }

  /** Ask for what thermal sensors feel as well, until the returned function is called. */
  feelHeat(): () => void {
    this.feeling += 1;
    this.resubscribe();
    return () => {
      this.feeling -= 1;
      this.resubscribe();
    };
  }

  /** Show pictures although the link is slow, or leave it to the page again. */
  insist(insists: boolean): void {
    this.changeAttention((world) => ({ ...world, insists }));
  }

  /** Ask a camera to do something and wait for what became of it. Never throws: a failure is a result. */
  command(source: Source, name: string, args: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
    const request: CommandRequest = { commandId: `web-${crypto.randomUUID()}`, source, name, arguments: args };
    return new Promise((resolve) => {
      const finish = (result: CommandResult): void => {
        clearTimeout(timeout);
        this.commands.delete(request.commandId);
        resolve(result);
      };
      const fail = (why: string): void =>
        finish({ type: "command_result", commandId: request.commandId, ok: false, words: "", why });
      const timeout = setTimeout(() => fail("timeout"), COMMAND_TIMEOUT_MS);
      this.commands.set(request.commandId, finish);
      if (!this.connection.command(request)) fail("unreachable");
    });
  }

  /** Fill a camera's last hour from the hub's memory. */
  async recall(source: Source): Promise<void> {
    const course = await fetchCourse(this.hub, source, HOUR_S, COURSE_POINTS, this.clock.now() + (this.hubClock.offsetS ?? 0));
    if (course.ok) this.world.change((world) => applyCourse(world, source, course.value));
  }

  /** Look for an incident that is too old to be among those that the page holds. */
  async seek(source: Source, incidentId: string): Promise<void> {
    for await (const page of fetchEvents(this.hub, { source }, SOUGHT_PAGES)) {
      const events = page.filter((event) => event.incidentId === incidentId);
      if (events.length === 0) continue;
      this.world.change((world) => applySought(world, events));
      return;
    }
  }

  /** Say what an incident was. What comes of it every viewer is told. */
  mark(source: Source, incidentId: string, mark: MarkWord, by: string): Promise<Answer<null>> {
    return sendMark(this.hub, source, incidentId, { mark, by });
  }

  /** Pictures of a camera that were left out so that the newest could be shown. */
  skippedOf(source: Source): number {
    return this.feeds.get(source)?.skipped ?? 0;
  }

  /** Seconds to the hub and back; null until measured. */
  get roundTripS(): number | null {
    return this.hubClock.delayS;
  }

  private receive(message: HubMessage): void {
    const at = this.clock.now();
    if (message.type === "pong") {
      this.hubClock.add(message.sentAt, message.receivedAt, message.repliedAt, at);
      this.world.change((world) => ({ ...world, hubAheadS: this.hubClock.offsetS }));
      this.judgeLink(PINGS, at - message.sentAt, at);
      return;
    }
    if (message.type === "command_result") this.commands.get(message.commandId)?.(message);
    if (message.type === "observation") this.feed(message.source).receiveObservation(message);
    if (message.type === "thermogram") return this.feed(message.source).receiveThermogram(message);
    if (message.type === "layout") return this.feed(message.source).receiveLayout(message);
    this.world.change((world) => applyMessage(world, message, at));
    if (message.type !== "presence") return;
    this.closeFeedsOfGoneCameras();
    if (!this.world.value.protocols.has(message.edgeId)) void this.askStatus();
  }

  /** Learn how the edges speak; several questions at once are one. */
  private async askStatus(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    const status = await fetchStatus(this.hub);
    this.asking = false;
    if (status !== null) this.world.change((world) => applyStatusOfHub(world, status));
  }

  /** One that is still on the screen may be back before the screen is drawn again: it keeps its feed until then. */
  private closeFeedsOfGoneCameras(): void {
    for (const [source, feed] of this.feeds) {
      if (this.world.value.cameras.has(source) || this.onScreen.has(source)) continue;
      feed.close();
      this.feeds.delete(source);
    }
  }

  private feed(source: Source): Feed {
    let feed = this.feeds.get(source);
    if (feed === undefined) {
      feed = new Feed(source, this.clock, this.pace, {
        seen: (from, frameId) => this.connection.seen(from, frameId),
        drawn: (from, stamp) => this.drawn(from, stamp),
      });
      this.feeds.set(source, feed);
    }
    return feed;
  }

  private drawn(source: Source, stamp: PictureStamp): void {
    if (!this.hasDrawn) performance.mark("first-picture");
    this.hasDrawn = true;
    this.world.change((world) => applyDrawn(world, source, stamp));
    const edgeAheadS = this.world.value.cameras.get(source)?.clockOffsetS ?? null;
    const { networkS } = pictureAge(stamp, stamp.arrivedAt, edgeAheadS, this.hubClock.offsetS);
    if (networkS !== null) this.judgeLink(source, networkS, stamp.arrivedAt);
  }

  /** A slow link gets boxes alone, by itself; what a person wants goes before. */
  private judgeLink(lane: string, lagS: number, at: number): void {
    if (this.world.value.link.kind !== "open") return;
    this.watch.note(lane, lagS, at);
    const lateS = this.watch.isSlow(at) ? (this.world.value.slowLinkS ?? this.watch.lagS) : null;
    this.changeAttention((world) => applySlowness(world, lateS));
  }

  private changeAttention(step: (world: World) => World): void {
    const before = isSparing(this.world.value);
    this.world.change(step);
    if (isSparing(this.world.value) !== before) this.resubscribe();
  }

  private opened(): void {
    this.stopPolling();
    this.world.change((world) => applyLink(world, { kind: "open" }));
    void fetchHistory(this.hub, { limit: "300", samples: "0" }).then(({ events }) =>
      this.world.change((world) => applyEvents(world, events)),
    );
  }

  /** The socket is lost, or one more attempt has failed: then polling goes on, or the wait for it. */
  private closed(): void {
    if (document.hidden || this.poller.isRunning) return;
    void this.keeper.check();
    this.markLost();
    this.pollTimer ??= setTimeout(() => this.poller.start(), POLL_AFTER_MS);
  }

  private stopPolling(): void {
    clearTimeout(this.pollTimer);
    this.pollTimer = undefined;
    this.poller.stop();
  }

  private markLost(): void {
    this.world.change((world) =>
      world.link.kind === "lost" ? world : applyLink(world, { kind: "lost", since: this.clock.now() }),
    );
  }

  /** Tell the hub what is on the screen, once for all changes of this moment. */
  private resubscribe(): void {
    if (this.resubscribing) return;
    this.resubscribing = true;
    setTimeout(() => {
      this.resubscribing = false;
      const sources = document.hidden ? [] : [...this.onScreen.keys()];
      const rung = isSparing(this.world.value) ? "metadata" : this.rung;
      this.connection.subscribe({ sources, rung, layers: this.feeling > 0 ? ["thermal"] : [] });
    }, 0);
  }

  private visibilityChanged(): void {
    this.resubscribe();
    clearTimeout(this.pauseTimer);
    if (document.hidden) {
      this.pauseTimer = setTimeout(() => this.pause(), PAUSE_AFTER_MS);
      return;
    }
    this.join();
    this.connection.hurry();
  }

  /** Be connected from now on, by polling where nothing better is to be had. */
  private join(): void {
    if (document.hidden || !isAdmitted(this.keeper.session.value)) return;
    this.connection.start();
    if (this.world.value.link.kind !== "open") this.pollTimer ??= setTimeout(() => this.poller.start(), POLL_AFTER_MS);
  }

  /** Nobody has looked for a while, or may look: no traffic at all until someone does. */
  private pause(): void {
    this.stopPolling();
    this.connection.stop();
    this.world.change((world) => applyLink(world, { kind: "paused" }));
  }
}
