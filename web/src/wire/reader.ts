/** Reading JSON from outside: a value of the asked kind, or an error that names field, expected and got. */

export class ContractError extends Error {
  constructor(
    readonly field: string,
    readonly expected: string,
    readonly got: string,
  ) {
    super(`${field}: expected ${expected}, got ${got}`);
    this.name = "ContractError";
  }
}

/** A place in a picture, in fractions of its width and height; or a moment and a value. */
export type Spot = readonly [number, number];

/** One JSON object. An absent field takes the fallback that the catalogue gives it; without one it is an error. */
export class ObjectReader {
  private readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    private readonly path: string,
  ) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new ContractError(path, "an object", describe(value));
    }
    this.fields = value as Record<string, unknown>;
  }

  text(key: string, fallback?: string): string {
    return this.read(key, "a string", (value) => typeof value === "string", fallback);
  }

  number(key: string, fallback?: number): number {
    return this.read(key, "a finite number", isFiniteNumber, fallback);
  }

  flag(key: string, fallback?: boolean): boolean {
    return this.read(key, "true or false", (value) => typeof value === "boolean", fallback);
  }

  /** A number that may be absent or null. */
  maybeNumber(key: string): number | null {
    return this.fields[key] == null ? null : this.number(key);
  }

  /** True or false, or absent or null. */
  maybeFlag(key: string): boolean | null {
    return this.fields[key] == null ? null : this.flag(key);
  }

  /** A text that may be absent or null. */
  maybeText(key: string): string | null {
    return this.fields[key] == null ? null : this.text(key);
  }

  part<T>(key: string, read: (part: ObjectReader) => T, fallback?: T): T {
    const value = this.fields[key];
    if (value == null && fallback !== undefined) return fallback;
    return read(new ObjectReader(value, `${this.path}.${key}`));
  }

  parts<T>(key: string, read: (part: ObjectReader) => T): readonly T[] {
    return this.list(key, (value, path) => read(new ObjectReader(value, path)));
  }

  texts(key: string): readonly string[] {
    return this.list(key, (value, path) => {
      if (typeof value !== "string") throw new ContractError(path, "a string", describe(value));
      return value;
    });
  }

  numbers(key: string): readonly number[] {
    return this.list(key, (value, path) => {
      if (!isFiniteNumber(value)) throw new ContractError(path, "a finite number", describe(value));
      return value;
    });
  }

  /** The members of an object that is used as a table, in the order in which they came; none when it is absent. */
  table<T>(key: string, read: (value: unknown, path: string, name: string) => T): readonly T[] {
    const value = this.fields[key] ?? {};
    const path = `${this.path}.${key}`;
    if (typeof value !== "object" || Array.isArray(value)) throw new ContractError(path, "an object", describe(value));
    return Object.entries(value).map(([name, member]: [string, unknown]) => read(member, `${path}.${name}`, name));
  }

  /** A table of numbers by name. */
  numberTable(key: string): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.table(key, (value, path, name) => {
        if (!isFiniteNumber(value)) throw new ContractError(path, "a finite number", describe(value));
        return [name, value] as const;
      }),
    );
  }

  /** A list of places: pairs of numbers. */
  spots(key: string): readonly Spot[] {
    return this.list(key, readSpot);
  }

  /** One place. */
  spot(key: string): Spot {
    return readSpot(this.fields[key], `${this.path}.${key}`);
  }

  /** A list of lists of places. */
  paths(key: string): readonly (readonly Spot[])[] {
    return this.list(key, (value, path) => {
      if (!Array.isArray(value)) throw new ContractError(path, "an array", describe(value));
      return value.map((spot: unknown, index) => readSpot(spot, `${path}[${index}]`));
    });
  }

  private list<T>(key: string, read: (value: unknown, path: string) => T): readonly T[] {
    const value = this.fields[key] ?? [];
    const path = `${this.path}.${key}`;
    if (!Array.isArray(value)) throw new ContractError(path, "an array", describe(value));
    return value.map((item: unknown, index) => read(item, `${path}[${index}]`));
  }

  private read<T>(key: string, expected: string, is: (value: unknown) => boolean, fallback: T | undefined): T {
    const value = this.fields[key];
    if (value === undefined && fallback !== undefined) return fallback;
    if (!is(value)) throw new ContractError(`${this.path}.${key}`, expected, describe(value));
    return value as T;
  }
}

function readSpot(value: unknown, path: string): Spot {
  if (!Array.isArray(value) || value.length !== 2) throw new ContractError(path, "a pair of numbers", describe(value));
  const [x, y] = value as unknown[];
  if (!isFiniteNumber(x) || !isFiniteNumber(y)) throw new ContractError(path, "a pair of numbers", describe(value));
  return [x, y];
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const shown = JSON.stringify(value) ?? typeof value;
  return shown.length <= 40 ? shown : `${shown.slice(0, 39)}…`;
}
