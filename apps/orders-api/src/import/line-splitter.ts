/** A line of a file, or a piece of one that is too long. */
export interface Line {
  /** 1-based. */
  readonly number: number;
  /** With its line feed. All lines together are the file. */
  readonly bytes: Buffer;
  /** `first` and `rest` are pieces of a line longer than {@link MAX_LINE_BYTES}; `first` is exactly that long. */
  readonly piece: 'whole' | 'first' | 'rest';
}

/** The longest line that is read as one: a message is at most 1 MB. */
export const MAX_LINE_BYTES = 1_048_576;

const LINE_FEED = 0x0a;

/** Cuts bytes into lines, whatever the chunks they come in. Holds one unfinished line at most. */
export class LineSplitter {
  #number = 1;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #tooLong = false;

  /** The lines that end in this chunk. */
  *push(chunk: Buffer): Generator<Line> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      if (end === -1) break;
      yield* this.#lineEndsWith(chunk.subarray(start, end + 1));
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
    yield* this.#cutIfTooLong(false);
  }

  /** What is left when the file ends without a line feed. */
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
