import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@esteira/observability';
import type { OutgoingMessage, Publish } from '@esteira/pipeline';
import type { Activity } from './activity.ts';
import { positionOf, type Cursor, type CursorFields } from './cursor.ts';
import { openFlight, type Flight } from './flight.ts';
import type { LaneGate } from './lane-gate.ts';
import { UnpublishableRow, type Page, type PageSource, type Position } from './page-source.ts';
import { pause, unlessAborted, type Patiently } from './patience.ts';
import { sourceChanged, unpublishableRow, unroutable } from './run-errors.ts';
import { RunEnded, type RunEnd } from './run-end.ts';
import { knownSource, sourceChange, type KnownSource } from './source-change.ts';

/** Pages that wait for their confirms at once. The next one is read while they do. */
const PAGES_IN_FLIGHT = 3;
const SUMMARY_EVERY_MS = 10_000;

/** What one run works with. */
export interface RunParts {
  readonly system: string;
  readonly runId: string;
  /** Fencing token of the run: what it writes to its cursor is compared with it. */
  readonly token: number;
  readonly maxAttempts: number;
  /** Goes on at the watermark, with the rows that come. */
  readonly follow: boolean;
  /** How often it then looks for them while none come, in milliseconds. */
  readonly followPollMs: number;
  readonly source: PageSource;
  readonly publish: Publish;
  /** What people call the place that `publish` publishes to. */
  readonly target: string;
  readonly gate?: LaneGate;
  readonly cursor: Cursor;
  readonly pageSize: number;
  readonly leaseMs: number;
  /** How long a run that ends early waits for its pages in flight, in milliseconds; then they count as not published. */
  readonly landingMs: number;
  readonly activity: Activity;
  /** Aborted, with a RunEnded, when the run is to end early. */
  readonly ending: AbortController;
  readonly patiently: Patiently;
  readonly logger: Logger;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/**
 * One pass of a source, from its cursor to the watermark. The cursor moves over a page when every message of it, and of
 * all pages before it, is confirmed; whatever was published beyond it is published again by the next run.
 */
export class Run {
  readonly #parts: RunParts;
  readonly #flight: Flight;
  #known: KnownSource = {};
  #published = 0;
  #summaryAt: number;
  #landed = false;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#summaryAt = parts.now() + SUMMARY_EVERY_MS;
    this.#flight = openFlight(PAGES_IN_FLIGHT, (error) => {
      parts.ending.abort(error);
    });
  }

  /** Runs until the end. Rejects only with what is neither a fault of a dependency nor a way to end: a defect. */
  async toEnd(): Promise<RunEnd> {
    const { signal } = this.#parts.ending;
    try {
      await this.#pass(await this.#begin());
      return { kind: 'finished' };
    } catch (error) {
      const reason: unknown = signal.aborted ? signal.reason : error;
      if (!(reason instanceof RunEnded)) throw reason;
      await this.#land(reason.end);
      return reason.end;
    } finally {
      this.#landed = true;
    }
  }

  async #begin(): Promise<Position | undefined> {
    const { cursor, patiently, runId } = this.#parts;
    const view = await patiently('redis', () => cursor.read());
    if (view.runId !== runId) throw new RunEnded({ kind: 'lost', why: view.runId === undefined ? 'gone' : 'taken' });
    const position = positionOf(view);
    if (position !== undefined) this.#known = knownSource(view);
    this.#published = view.publishedCount;
    return position;
  }

  async #pass(position: Position | undefined): Promise<void> {
    const { gate, activity, follow, followPollMs } = this.#parts;
    const { signal } = this.#parts.ending;
    for (let after = position; ;) {
      await unlessAborted(() => this.#flight.room(), signal);
      const page = await unlessAborted(() => this.#read(after), signal);
      if (page.last !== undefined) {
        // Not before the page is read: a run that only follows has nothing to ask the broker.
        if (gate !== undefined) await unlessAborted(() => gate.open(lanesOf(page.messages)), signal);
        activity.phase('publishing');
        after = page.last;
        this.#flight.start(this.#confirmed(page.messages), () => this.#advance(page));
      }
      if (page.more) continue;
      await unlessAborted(() => this.#flight.landed(), signal);
      if (!follow) return;
      activity.phase('following');
      // While rows come it looks again at once: as many as have come meanwhile make the next page.
      if (page.last === undefined) await pause(followPollMs, signal);
    }
  }

  async #read(after: Position | undefined): Promise<Page> {
    const { system, source, pageSize, maxAttempts, patiently } = this.#parts;
    const page = await patiently('source', () => source.next(after, pageSize, { maxAttempts }).catch(needsPerson));
    const change = after === undefined ? undefined : sourceChange(this.#known, after, page.source);
    if (change !== undefined) throw new RunEnded({ kind: 'error', error: sourceChanged(system, change) });
    if (after === undefined || this.#known.systemIdentifier === undefined) {
      this.#known = page.source;
      await this.#write({ source: page.source });
    }
    return page;
  }

  /** Resolves when the broker has every message. What it refused is sent again; an unroutable one ends the run. */
  async #confirmed(messages: readonly OutgoingMessage[]): Promise<void> {
    const { publish, patiently, system, target } = this.#parts;
    let pending = messages;
    await patiently('broker', async () => {
      const outcomes = await publish(pending);
      const returned = pending.find((_, i) => outcomes[i] === 'unroutable');
      if (returned !== undefined) {
        throw new RunEnded({ kind: 'error', error: unroutable(system, returned, target) });
      }
      const asked = pending.length;
      pending = pending.filter((_, i) => outcomes[i] !== 'confirmed');
      if (pending.length > 0) throw new Error(`${target} refused ${pending.length} of ${asked} messages`);
    });
  }

  async #advance({ last, messages }: Page): Promise<void> {
    if (this.#landed || last === undefined) return;
    const { activity } = this.#parts;
    await this.#write({ position: last, publishedCount: this.#published + messages.length });
    this.#published += messages.length;
    activity.published(messages.length);
    this.#summarise();
  }

  async #write(fields: CursorFields): Promise<void> {
    const { cursor, patiently, runId, token, leaseMs, ending } = this.#parts;
    const outcome = await patiently('redis', () => cursor.write({ runId, token }, leaseMs, fields));
    if (outcome === 'stop-asked') ending.abort(new RunEnded({ kind: 'stopped' }));
    else if (outcome !== 'written') throw new RunEnded({ kind: 'lost', why: outcome });
  }

  #summarise(): void {
    const { now, logger, activity } = this.#parts;
    if (now() < this.#summaryAt) return;
    this.#summaryAt = now() + SUMMARY_EVERY_MS;
    logger.info({ published: this.#published, per_second: activity.perSecond() }, 'Publishing');
  }

  /** Lets the pages at hand be confirmed and written down, unless the cursor is no longer ours. */
  async #land(end: RunEnd): Promise<void> {
    if (end.kind === 'lost') return;
    this.#parts.activity.phase('stopping');
    // A page that fails now ends nothing more; it is published again by the next run.
    const landed = this.#flight.landed().catch(() => undefined);
    await Promise.race([landed, sleep(this.#parts.landingMs, undefined, { ref: false })]);
  }
}

/** Any other error of a source is a fault, and tried again. */
function needsPerson(error: unknown): never {
  throw error instanceof UnpublishableRow ? new RunEnded({ kind: 'error', error: unpublishableRow(error) }) : error;
}

/** How many messages go to which lane. */
function lanesOf(messages: readonly OutgoingMessage[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { lane } of messages) counts.set(lane, (counts.get(lane) ?? 0) + 1);
  return counts;
}
