/** Reads the body of an answer as far as it is wanted. */
export interface BodyReader {
  /** Takes what came, and says whether more is wanted. */
  read(chunk: Buffer): boolean;
}

/** Reads on for a while, so that the connection can be kept. */
export class Drain implements BodyReader {
  readonly #most: number;
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  read(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    return this.#bytes <= this.#most;
  }
}

/** Looks for a text in the body, by its bytes in UTF-8, and reads on after it as `Drain` does. */
export class BodySearch implements BodyReader {
  readonly #text: Buffer;
  readonly #most: number;
  readonly #drain: Drain;
  /** The end of what came before: the text may have begun in it. */
  #tail = Buffer.alloc(0);
  #bytes = 0;
  found = false;
  /** Whether the body is longer than is read. */
  tooLong = false;

  /** @param most how many bytes are looked at. */
  constructor(text: string, most: number, drain: Drain) {
    this.#text = Buffer.from(text);
    this.#most = most;
    this.#drain = drain;
  }

  read(chunk: Buffer): boolean {
    const drains = this.#drain.read(chunk);
    if (this.found) return drains;
    const left = this.#most - this.#bytes;
    const looked = Buffer.concat([this.#tail, chunk.subarray(0, left)]);
    this.#bytes += chunk.length;
    this.found = looked.includes(this.#text);
    if (this.found) return drains;
    this.#tail = looked.subarray(Math.max(0, looked.length - this.#text.length + 1));
    this.tooLong = this.#bytes > this.#most;
    return !this.tooLong;
  }
}

/** Keeps the beginning of the body as text. */
export class BodyText implements BodyReader {
  readonly #most: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  /** @param most how many bytes are kept. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether the body is longer than is kept. */
  get cut(): boolean {
    return this.#bytes > this.#most;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  read(chunk: Buffer): boolean {
    this.#chunks.push(chunk.subarray(0, this.#most - this.#bytes));
    this.#bytes += chunk.length;
    return !this.cut;
  }
}
