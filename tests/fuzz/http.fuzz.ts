import { startPipeline, type Pipeline } from '@esteira/tests/support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fetchSchemathesis, fuzz } from './schemathesis.ts';

const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? '60');
const SEED = Number(process.env['FUZZ_SEED'] ?? '1');
/** A consumer has three routes that take nothing. */
const CONSUMER_SECONDS = Math.min(10, SECONDS);

const timeout = (SECONDS + 60) * 1_000;
let schemathesis: string;
let pipeline: Pipeline;

beforeAll(async () => {
  schemathesis = await fetchSchemathesis(console.log);
  pipeline = await startPipeline({ systems: 1 });
  await pipeline.console.start();
});
afterAll(() => pipeline.stop());

it.each([
  ['an API', () => pipeline.apis[0], SECONDS],
  ['a consumer', () => pipeline.consumers[0], CONSUMER_SECONDS],
  ['the console', () => pipeline.console, SECONDS],
])('no request makes %s answer otherwise than its document says', { timeout }, async (_what, appOf, seconds) => {
  const app = appOf();
  if (app === undefined) throw new Error('It was not started');
  const pid = app.pid();
  console.log(await fuzz(schemathesis, { url: app.url, seed: SEED, seconds }));
  expect(app.running() && app.pid() === pid).toBe(true);
  expect((await fetch(`${app.url}/health/ready`)).status).toBe(200);
});
