import autocannon, { type Result } from 'autocannon';
import type { Arena } from './arena.ts';
import { openFlow } from './flow.ts';
import type { Measurement } from './measured.ts';

const SECONDS = 10;

/**
 * The API while it publishes at full speed: ten dashboards that ask for the status, 100 times a second in all, and four
 * clients that insert ten orders each, 20 times a second in all. The rates are given, not found: a run has both cores
 * busy already, and what is asked is how long a client waits then. autocannon runs in the bench's own process.
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
      load({ url: `${flow.api.url}/v0/process/status`, connections: 10, overallRate: 100 }),
      load({ url: `${flow.api.url}/v0/insert-data`, connections: 4, overallRate: 20, method: 'POST', headers, body }),
    ]);
    return [measurement('status', status), measurement('insert-data', insert)];
  } finally {
    await flow.close();
  }
}

async function load(options: autocannon.Options): Promise<Result> {
  const result = await autocannon({ ...options, duration: SECONDS });
  if (result.errors + result.non2xx > 0) throw new Error(`${options.url}: ${result.errors + result.non2xx} errors.`);
  return result;
}

function measurement(variant: string, { latency, requests }: Result): Measurement {
  const figures = {
    'p50 ms': latency.p50,
    'p99 ms': latency.p99,
    'worst ms': latency.max,
    'requests/s': requests.average,
  };
  return { bench: 'API', variant, figures };
}
