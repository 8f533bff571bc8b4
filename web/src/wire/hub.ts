/** The hub by HTTP: the one place that knows its address, reads its refusals, and notices that a session is over. */

import { ContractError, ObjectReader } from "./reader";

/** Why the hub, or an edge behind it, did not do what was asked. */
export interface Refusal {
  /** The HTTP status; 0 when the hub did not answer. */
  readonly status: number;
  /** Why in one word, of the vocabulary that is translated: as the hub said it, else by the status. */
  readonly code: string;
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
  /** In English. */
  readonly words: string;
  /** The same in one word, of a vocabulary that is open; empty when there is none. */
  readonly code: string;
  /** What `code` is about, where it speaks of a limit. */
  readonly limit: number | null;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

const PATIENCE_MS = 70_000;
const CODE_OF_STATUS: ReadonlyMap<number, string> = new Map([
  [401, "signed_out"],
  [403, "forbidden"],
  [404, "missing"],
  [409, "conflict"],
  [413, "too_large"],
  [429, "busy"],
]);

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
  async call<T>(
    method: Method,
    path: string,
    read: (answer: ObjectReader) => T,
    body?: unknown,
    patienceMs = PATIENCE_MS,
  ): Promise<Answer<T>> {
    const sent = body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    try {
      const answer = await this.fetch(path, { method, signal: AbortSignal.timeout(patienceMs), ...sent });
      if (!answer.ok) return { ok: false, refusal: await readRefusal(answer) };
      const said = await answer.text();
      const value: unknown = said === "" ? {} : JSON.parse(said);
      return { ok: true, value: read(new ObjectReader(value, "$")) };
    } catch (error) {
      const [code, words] = error instanceof ContractError ? ["garbled", error.message] : ["unreachable", ""];
      return { ok: false, refusal: { status: 0, code, words, field: "", problems: [], retryAfterS: null } };
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
    const error = { code: "", field: "", words: "" };
    const said = body.part("error", readError, error);
    return { ...rest, problems, ...said, code: said.code || codeOf(answer.status) };
  } catch {
    const words = `${answer.status} ${answer.statusText}`;
    return { ...rest, code: codeOf(answer.status), field: "", words, problems: [] };
  }
}

export function readProblem(problem: ObjectReader): Problem {
  return {
    field: problem.text("field", ""),
    words: problem.text("words"),
    code: problem.maybeText("code") ?? "",
    limit: problem.maybeNumber("limit"),
  };
}

/** The hub's refusals say what was expected and what came. */
function readError(error: ObjectReader): Pick<Refusal, "code" | "field" | "words"> {
  return {
    code: error.text("code", ""),
    field: error.text("field", "").replace(/^\$\./, ""),
    words: `expected ${error.text("expected")}, got ${error.text("got")}`,
  };
}

/** For answers of what stands before the hub, and of hubs that know no codes. */
function codeOf(status: number): string {
  return CODE_OF_STATUS.get(status) ?? (status >= 500 ? "unavailable" : "invalid");
}
