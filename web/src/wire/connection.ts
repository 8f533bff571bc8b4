/** The page's WebSocket to the hub: opens, keeps alive, comes back by itself, and says again what it wants. */

import type { Clock } from "../state/clock";
import { delayMs } from "./backoff";
import { parseFrame, type PictureFrame } from "./frames";
import { parseMessage, type HubMessage, type Source } from "./messages";
import { ContractError } from "./reader";
import {
  encodeCommand,
  encodePing,
  encodeSeen,
  encodeSubscribe,
  type CommandRequest,
  type Subscription,
} from "./requests";

const LEASE_S = 30;
const RENEW_MS = 10_000;
const PING_MS = 2_000;
const SILENCE_MS = 7_000;
const OPEN_TIMEOUT_MS = 4_000;
const ACKNOWLEDGE_MS = 200;

export interface ConnectionEvents {
  readonly message: (message: HubMessage) => void;
  readonly frame: (frame: PictureFrame) => void;
  /** Bytes have come, before anything was made of them. */
  readonly received: (bytes: number) => void;
  readonly broken: (error: ContractError) => void;
  readonly opened: () => void;
  readonly closed: () => void;
}

export class HubConnection {
  private socket: WebSocket | null = null;
  private wanted: Subscription = { sources: [], rung: "full", layers: [] };
  private attempt = 0;
  private running = false;
  private applying = false;
  private heardAt = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private timers: ReturnType<typeof setInterval>[] = [];
  private readonly drawn = new Map<Source, number>();

  constructor(
    private readonly url: string,
    /** What to offer so that the hub lets one in; null when it would not. */
    private readonly admission: () => Promise<readonly string[] | null>,
    private readonly clock: Clock,
    private readonly events: ConnectionEvents,
  ) {}

  start(): void {
    if (this.running) return;
    this.running = true;
    this.timers = [
      setInterval(() => this.beat(), PING_MS),
      setInterval(() => this.send(encodeSubscribe(this.wanted, LEASE_S)), RENEW_MS),
    ];
    void this.connect();
  }

  /** Close and stay closed until `start`. */
  stop(): void {
    this.running = false;
    clearTimeout(this.retry);
    this.timers.forEach(clearInterval);
    this.drop();
  }

  /** Try now instead of when the delay is over: the network is back, or someone looks. */
  hurry(): void {
    if (!this.running || this.socket !== null) return;
    clearTimeout(this.retry);
    void this.connect();
  }

  subscribe(wanted: Subscription): void {
    this.wanted = wanted;
    this.send(encodeSubscribe(wanted, LEASE_S));
  }

  /** A picture was drawn. The hub hears of the newest of each camera a few times a second, not of every one. */
  seen(source: Source, frameId: number): void {
    if (this.drawn.size === 0) setTimeout(() => this.acknowledge(), ACKNOWLEDGE_MS);
    this.drawn.set(source, frameId);
  }

  private acknowledge(): void {
    for (const [source, frameId] of this.drawn) this.send(encodeSeen(source, frameId));
    this.drawn.clear();
  }

  /** False when there is no connection to carry it. */
  command(request: CommandRequest): boolean {
    return this.send(encodeCommand(request));
  }

  private async connect(): Promise<void> {
    if (this.applying) return;
    this.applying = true;
    const offered = await this.admission();
    this.applying = false;
    if (!this.running || this.socket !== null) return;
    if (offered === null) this.tryLater();
    else this.open(offered);
  }

  private open(offered: readonly string[]): void {
    const socket = new WebSocket(this.url, [...offered]);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heardAt = this.clock.now();
    const impatience = setTimeout(() => socket.readyState === WebSocket.CONNECTING && this.lose(socket), OPEN_TIMEOUT_MS);
    socket.onopen = () => {
      clearTimeout(impatience);
      this.attempt = 0;
      this.send(encodeSubscribe(this.wanted, LEASE_S));
      this.send(encodePing(this.clock.now()));
      this.events.opened();
    };
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.receive(event.data);
    socket.onclose = () => {
      clearTimeout(impatience);
      this.lose(socket);
    };
  }

  private receive(data: string | ArrayBuffer): void {
    this.heardAt = this.clock.now();
    this.events.received(typeof data === "string" ? data.length : data.byteLength);
    try {
      if (typeof data === "string") this.events.message(parseMessage(data));
      else this.events.frame(parseFrame(data));
    } catch (error) {
      if (!(error instanceof ContractError)) throw error;
      this.events.broken(error);
    }
  }

  private beat(): void {
    if (this.socket === null) return;
    if (this.clock.now() - this.heardAt > SILENCE_MS / 1000) this.lose(this.socket);
    else this.send(encodePing(this.clock.now()));
  }

  /** `socket` is of no use any more: let go of it and try again later. */
  private lose(socket: WebSocket): void {
    if (socket !== this.socket) return;
    this.drop();
    this.tryLater();
  }

  private tryLater(): void {
    this.events.closed();
    if (!this.running) return;
    this.retry = setTimeout(() => void this.connect(), delayMs(this.attempt, Math.random()));
    this.attempt += 1;
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private send(text: string): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(text);
    return true;
  }
}
