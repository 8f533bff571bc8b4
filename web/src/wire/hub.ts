/** The hub by HTTP: the one place that knows its address, reads its refusals, and notices that a session is over. */

import { ContractError, ObjectReader } from "./reader";

/** Why the hub, or an edge behind it, did not do what was asked. */
export interface Refusal {
  /** The HTTP status; 0 when the hub did not answer. */
  readonly status: number;
  /** In English, as the hub said it; empty when it did not answer. */
  readonly words: string;
  /** The part of the request that was wrong; may be empty. */
  readonly field: string;
  readonly problems: readonly Problem[];
  /** Seconds after which another attempt makes sense; null when the hub did not say. */
  readonly retryAfterS: number | null;
}

/** What is wrong with one field of what was sent: "zones.Gate.polygon". */
export interface Problem {
  readonly field: string;
  readonly words: string;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

const PATIENCE_MS = 70_000;

export class Hub {
  /** `onUnauthorized` is called whenever an answer says that one must sign in. */
  constructor(
    readonly base: URL,
    private readonly onUnauthorized: () => void,
  ) {}

  /** As `fetch`, never from a cache. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const answer = await fetch(new URL(path, this.base), { cache: "no-store", ...init });
    if (answer.status === 401) this.onUnauthorized();
    return answer;
  }

  /** Ask with JSON, read the answer with `read`. Never throws: what goes wrong is a refusal. */
  async call<T>(method: Method, path: string, read: (answer: ObjectReader) => T, body?: unknown): Promise<Answer<T>> {
    const sent = body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    try {
      const answer = await this.fetch(path, { method, signal: AbortSignal.timeout(PATIENCE_MS), ...sent });
      if (!answer.ok) return { ok: false, refusal: await readRefusal(answer) };
      const said = await answer.text();
      const value: unknown = said === "" ? {} : JSON.parse(said);
      return { ok: true, value: read(new ObjectReader(value, "$")) };
    } catch (error) {
      const words = error instanceof ContractError ? error.message : "";
      return { ok: false, refusal: { status: 0, words, field: "", problems: [], retryAfterS: null } };
    }
  }
}

/** For answers that say nothing. */
export function nothing(): null {
  return null;
}

export async function readRefusal(answer: Response): Promise<Refusal> {
  const retryAfter = Number.parseInt(answer.headers.get("retry-after") ?? "", 10);
  const rest = { status: answer.status, retryAfterS: Number.isNaN(retryAfter) ? null : retryAfter };
  try {
    const body = new ObjectReader(await answer.json(), "$");
    const problems = body.parts("problems", readProblem);
    const error = { field: "", words: "" };
    return { ...rest, problems, ...body.part("error", readError, error) };
  } catch {
    return { ...rest, field: "", words: `${answer.status} ${answer.statusText}`, problems: [] };
  }
}

export function readProblem(problem: ObjectReader): Problem {
  return { field: problem.text("field", ""), words: problem.text("words") };
}

/** The hub's refusals say what was expected and what came. */
function readError(error: ObjectReader): Pick<Refusal, "field" | "words"> {
  return { field: error.text("field", "").replace(/^\$\./, ""), words: `${error.text("expected")}: ${error.text("got")}` };
}
