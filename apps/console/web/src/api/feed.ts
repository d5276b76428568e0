import type { Overview, Point } from './answers.ts';

/** What those who look are told. */
export type Told =
  /** The stream flows, from now on. */
  | { readonly kind: 'open' }
  /** The console does not answer. `since`: ISO 8601. */
  | { readonly kind: 'cut'; readonly since: string }
  | { readonly kind: 'overview'; readonly overview: Overview }
  | { readonly kind: 'point'; readonly point: Point };

export type Listener = (told: Told) => void;

/** What of an `EventSource` is used. */
export type Source = EventTarget & Pick<EventSource, 'readyState' | 'close'>;

const STREAM = '/v0/overview/stream';
/** A browser gives up after an answer that is no stream, a 503 for one; then we ask again, in milliseconds. */
const AGAIN_MS = 2_000;
/** Of an `EventSource` that has given up. */
const CLOSED = 2;

/**
 * One stream of the server for all who look, and none while nobody does: a browser has six connections for a server of
 * HTTP/1.1, and a stream takes one for as long as it lasts. It connects again by itself, also after a restart of the
 * console. Who begins to look is told at once what the others know.
 */
export class Feed {
  readonly #connect: () => Source;
  readonly #listeners = new Set<Listener>();
  #source: Source | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #state: Extract<Told, { kind: 'open' | 'cut' }> | undefined;
  /** By pipeline. */
  readonly #latest = new Map<string, Extract<Told, { kind: 'overview' }>>();

  constructor(connect: () => Source = () => new EventSource(STREAM)) {
    this.#connect = connect;
  }

  look(listener: Listener): void {
    if (this.#listeners.has(listener)) return;
    this.#listeners.add(listener);
    if (this.#source === undefined) {
      this.#listen();
      return;
    }
    if (this.#state !== undefined) listener(this.#state);
    for (const told of this.#latest.values()) listener(told);
  }

  leave(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearTimeout(this.#again);
    this.#source?.close();
    this.#source = this.#state = undefined;
    this.#latest.clear();
  }

  #listen(): void {
    const source = this.#connect();
    this.#source = source;
    const on = (name: string, hear: (event: MessageEvent<string>) => void) => {
      source.addEventListener(name, (event) => {
        if (source === this.#source) hear(event as MessageEvent<string>);
      });
    };
    on('open', () => {
      this.#tell((this.#state = { kind: 'open' }));
    });
    on('overview', ({ data }) => {
      const overview = JSON.parse(data) as Overview;
      const told = { kind: 'overview', overview } as const;
      this.#latest.set(overview.pipeline, told);
      this.#tell(told);
    });
    on('point', ({ data }) => {
      this.#tell({ kind: 'point', point: JSON.parse(data) as Point });
    });
    on('error', () => {
      this.#cut(source);
    });
  }

  #cut(source: Source): void {
    this.#latest.clear();
    if (this.#state?.kind !== 'cut') this.#tell((this.#state = { kind: 'cut', since: new Date().toISOString() }));
    if (source.readyState !== CLOSED) return;
    this.#again = setTimeout(() => {
      this.#listen();
    }, AGAIN_MS);
  }

  #tell(told: Told): void {
    for (const listener of this.#listeners) listener(told);
  }
}
