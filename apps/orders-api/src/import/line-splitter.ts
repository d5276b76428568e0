/** A line of a file, or a piece of one that is too long. */
export interface Line {
  /** 1-based, as editors count: LF, CRLF, and CR alone end a line, mixed in one file too. */
  readonly number: number;
  /** With its end. All lines together are the file. */
  readonly bytes: Buffer;
  /** `first` and `rest` are pieces of a line longer than {@link MAX_LINE_BYTES}; `first` is exactly that long. */
  readonly piece: 'whole' | 'first' | 'rest';
}

/** The longest line that is read as one: a message is at most 1 MB. */
export const MAX_LINE_BYTES = 1_048_576;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Cuts bytes into lines, whatever the chunks they come in. Holds one unfinished line at most. */
export class LineSplitter {
  #number = 1;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #tooLong = false;
  /** The last chunk ended with a CR: whether a LF follows, the next one tells. */
  #afterReturn = false;

  /** The lines that end in this chunk. */
  *push(chunk: Buffer): Generator<Line> {
    let start = 0;
    if (this.#afterReturn && chunk.length > 0) {
      this.#afterReturn = false;
      start = chunk[0] === LINE_FEED ? 1 : 0;
      yield* this.#lineEndsWith(chunk.subarray(0, start));
    }
    for (const end of lineEnds(chunk, start)) {
      yield* this.#lineEndsWith(chunk.subarray(start, end));
      start = end;
    }
    this.#afterReturn = chunk.length > start && chunk.at(-1) === CARRIAGE_RETURN;
    if (start < chunk.length) this.#hold(chunk.subarray(start));
    yield* this.#cutIfTooLong(false);
  }

  /** What is left when the file ends without the end of a line. */
  *end(): Generator<Line> {
    if (this.#pendingBytes > 0) yield* this.#lineEndsWith(Buffer.alloc(0));
  }

  #hold(bytes: Buffer): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }

  *#lineEndsWith(bytes: Buffer): Generator<Line> {
    this.#hold(bytes);
    yield* this.#cutIfTooLong(true);
    if (this.#pendingBytes > 0) yield { number: this.#number, bytes: this.#take(), piece: this.#piece() };
    this.#number += 1;
    this.#tooLong = false;
  }

  /** The first piece is always as long, so that the same file has the same pieces in whatever chunks it comes. */
  *#cutIfTooLong(atEnd: boolean): Generator<Line> {
    if (!this.#tooLong && this.#pendingBytes <= MAX_LINE_BYTES) return;
    const bytes = this.#take();
    if (this.#tooLong) {
      if (bytes.length > 0) yield { number: this.#number, bytes, piece: 'rest' };
      return;
    }
    this.#tooLong = true;
    yield { number: this.#number, bytes: bytes.subarray(0, MAX_LINE_BYTES), piece: 'first' };
    const rest = bytes.subarray(MAX_LINE_BYTES);
    if (atEnd) yield { number: this.#number, bytes: rest, piece: 'rest' };
    else this.#hold(rest);
  }

  #piece(): Line['piece'] {
    return this.#tooLong ? 'rest' : 'whole';
  }

  #take(): Buffer {
    const [only, ...more] = this.#pending;
    const bytes = only !== undefined && more.length === 0 ? only : Buffer.concat(this.#pending, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    return bytes;
  }
}

/** Where lines end in a chunk, after their last byte. Of a CR that is its last byte, nothing is known yet. */
function* lineEnds(chunk: Buffer, from: number): Generator<number> {
  const find = (byte: number, at: number) => {
    const found = chunk.indexOf(byte, at);
    return found === -1 ? chunk.length : found;
  };
  let feed = find(LINE_FEED, from);
  let carriage = find(CARRIAGE_RETURN, from);
  for (;;) {
    let end: number;
    if (feed < carriage) end = feed + 1;
    else if (carriage + 1 < chunk.length) end = carriage + (chunk[carriage + 1] === LINE_FEED ? 2 : 1);
    else return;
    yield end;
    // A byte that a file does not have is looked for once in each chunk.
    if (feed < end) feed = find(LINE_FEED, end);
    if (carriage < end) carriage = find(CARRIAGE_RETURN, end);
  }
}
