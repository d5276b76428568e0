import { setTimeout as sleep } from 'node:timers/promises';
import autocannon, { type Result } from 'autocannon';
import type { Arena } from './arena.ts';
import { openFlow } from './flow.ts';
import { waitFigures, type Measurement } from './measured.ts';

const SECONDS = 10;

/**
 * The API while it publishes at full speed: ten dashboards that ask for the status, 100 times a second in all, and four
 * clients that insert ten orders each, 20 times a second in all. The rates are given, not found: a run has both cores busy
 * already, and what is asked is how long a client waits then. autocannon runs in the bench's own process.
 */
export async function measureApi(arena: Arena, orders: number): Promise<Measurement[]> {
  const flow = await openFlow(arena);
  try {
    await flow.fill(orders);
    // The dashboards are open before anybody starts a run.
    await fetch(`${flow.api.url}/v0/process/status`);
    await flow.publish({ max_attempts: 1 });
    const body = JSON.stringify({ positive_inserts: 10, negative_inserts: 0 });
    const headers = { 'content-type': 'application/json' };
    const [status, insert] = await Promise.all([
      load({ url: `${flow.api.url}/v0/process/status` }, { perSecond: 100, connections: 10 }),
      load({ url: `${flow.api.url}/v0/insert-data`, method: 'POST', headers, body }, { perSecond: 20, connections: 4 }),
    ]);
    return [measurement('status', status), measurement('insert-data', insert)];
  } finally {
    await flow.close();
  }
}

/** How often is asked in all, by how many. */
interface Rate {
  readonly perSecond: number;
  readonly connections: number;
}

/**
 * How long each answer took, in milliseconds. A rate is a quota to autocannon: each second a connection sends its share
 * at once, one request after another. So that not all do so at the same moment, they begin one after another.
 */
async function load(options: autocannon.Options, { perSecond, connections }: Rate): Promise<number[]> {
  const waits: number[] = [];
  const connectionRate = perSecond / connections;
  const connection = async (index: number) => {
    await sleep((index * 1_000) / connections);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const done = (error: unknown, result: Result) => {
      if (error == null) resolve(result);
      else reject(error);
    };
    const instance = autocannon({ ...options, connections: 1, connectionRate, duration: SECONDS }, done);
    instance.on('response', (_client, _status, _bytes, milliseconds) => waits.push(milliseconds));
    return promise;
  };
  const results = await Promise.all(Array.from({ length: connections }, (_, index) => connection(index)));
  const failed = results.reduce((sum, { errors, non2xx }) => sum + errors + non2xx, 0);
  const asked = perSecond * SECONDS;
  if (failed > 0 || waits.length < 0.95 * asked) {
    throw new Error(`${options.url}: ${failed} errors, ${waits.length} answers of ${asked}.`);
  }
  return waits;
}

function measurement(variant: string, waits: readonly number[]): Measurement {
  const figures = { ...waitFigures(waits, 50, 99), 'requests/s': waits.length / SECONDS };
  return { bench: 'API', variant, figures };
}
