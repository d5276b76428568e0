import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@esteira/observability';
import { Lately } from './histogram.ts';
import { questions, refresh, type Sources } from './questions.ts';
import { Rates } from './rate.ts';
import type { Overview, Point } from './schema.ts';
import { EVERY_SECONDS, pointOf, Series, type SeriesStore } from './series.ts';
import { snapshot } from './snapshot.ts';

/** How often everything is asked while somebody looks, in milliseconds. Otherwise as often as the charts need it. */
const WATCHED_MS = 1_000;
/**
 * How long everything is asked as often as it is shown after somebody acted or a run began, in milliseconds: on a busy
 * machine every answer is a slow one, and what was counted before would stand there for seconds.
 */
const HURRY_MS = 15_000;
/** The longest a snapshot waits for answers, in milliseconds; what comes later is in the next one. */
const ANSWERS_MS = 600;

/** The overview of a pipeline as it is now, one for all who look. */
export interface Board {
  /** The latest; put together at most a second ago while somebody looks. */
  now(): Promise<Overview>;
  /** The last 15 minutes, oldest first. */
  readonly series: Series;
  /** Hears of each new overview, at most a second apart, until the function that it gives is called. */
  watch(listener: Listener): () => void;
  /** Somebody has acted: what comes of it is looked at from now on, for a while, as often as it is shown. */
  hurry(): void;
  stop(): Promise<void>;
}

/** `point`: what the charts show of this overview. */
type Listener = (overview: Overview, point: Point) => void;

/** Starts asking. One question at a time goes to each server, however many look. */
export function startBoard(sources: Sources, store: SeriesStore, logger: Logger): Board {
  return new AskingBoard(sources, store, logger);
}

class AskingBoard implements Board {
  readonly series: Series;
  readonly #answers: ReturnType<typeof questions>;
  readonly #remembered = { rates: new Rates(), lately: new Lately() };
  readonly #listeners = new Set<Listener>();
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;
  #latest: { readonly overview: Overview; readonly at: number } | undefined;
  #taking: Promise<Overview> | undefined;
  #wake = new AbortController();
  #hurriedAt = -Infinity;
  /** The runs that go on, by their ids. */
  #runs = '';

  constructor(sources: Sources, store: SeriesStore, logger: Logger) {
    this.#answers = questions(sources);
    this.series = new Series(store);
    this.#logger = logger;
    this.#done = this.#run();
  }

  async now(): Promise<Overview> {
    const latest = this.#latest;
    return latest !== undefined && performance.now() - latest.at < WATCHED_MS ? latest.overview : this.#take();
  }

  watch(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#wake.abort();
    return () => this.#listeners.delete(listener);
  }

  hurry(): void {
    this.#hurriedAt = performance.now();
    this.#wake.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let nextPoint = 0;
    while (!signal.aborted) {
      const started = performance.now();
      const overview = await this.#take();
      const point = pointOf(overview);
      for (const listener of this.#listeners) listener(overview, point);
      if (started >= nextPoint) {
        nextPoint = started + EVERY_SECONDS * 1_000 - WATCHED_MS / 2;
        void this.#keep(point);
      }
      await this.#pause(started);
    }
  }

  /** Until the next look: sooner when somebody begins to. */
  async #pause(started: number): Promise<void> {
    const everyMs = this.#listeners.size > 0 ? WATCHED_MS : EVERY_SECONDS * 1_000;
    this.#wake = new AbortController();
    const signal = AbortSignal.any([this.#wake.signal, this.#stopping.signal]);
    const left = Math.max(0, started + everyMs - performance.now());
    await sleep(left, undefined, { signal }).catch(() => undefined); // Woken: that is what the signal is for.
  }

  #take(): Promise<Overview> {
    return (this.#taking ??= this.#taken().finally(() => (this.#taking = undefined)));
  }

  async #taken(): Promise<Overview> {
    const isHurried = performance.now() - this.#hurriedAt < HURRY_MS;
    await Promise.race([refresh(this.#answers, isHurried ? WATCHED_MS : undefined), sleep(ANSWERS_MS)]);
    const overview = snapshot(this.#answers, this.#remembered, new Date());
    const runs = overview.systems.map(({ run }) => run?.run_id ?? '').join(' ');
    if (runs !== this.#runs) this.#hurriedAt = performance.now();
    this.#runs = runs;
    this.#latest = { overview, at: performance.now() };
    return overview;
  }

  /** The charts go on while the endput is away; nobody waits for it. */
  async #keep(point: Point): Promise<void> {
    try {
      await this.series.add(point);
    } catch (error) {
      this.#logger.debug({ err: error }, 'a point of the charts could not be stored');
    }
  }
}
