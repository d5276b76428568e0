import { openBooks, startPipeline, type Books, type Pipeline } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const MAX_ATTEMPTS = 5;
/** Positive and negative rows of each system. */
const ROWS = [
  { positive_inserts: 700, negative_inserts: 300 },
  { positive_inserts: 400, negative_inserts: 100 },
  { positive_inserts: 50, negative_inserts: 10 },
];
const TOTAL = 1_560;

let pipeline: Pipeline;
let books: Books;

beforeAll(async () => {
  // A third system, by its name alone.
  pipeline = await startPipeline({ systems: ROWS.length });
  books = await openBooks(pipeline.settings);
});

afterAll(async () => {
  await books.close();
  await pipeline.stop();
});

const all = <T>(work: (system: number) => Promise<T>) => Promise.all(ROWS.map((_, system) => work(system)));
const untilFinished = (system: number) =>
  vi.waitFor(async () => {
    const status = await pipeline.get(system, '/v0/process/status');
    expect(JSON.stringify(status)).toContain('FINISHED');
  }, patient);

describe('orders of three systems, both kinds, published at once', () => {
  it('are stored or dead-lettered, every one, with exactly the attempts they ask for', async () => {
    const inserted = await all((system) => pipeline.post(system, '/v0/insert-data', ROWS[system]));
    expect(inserted.map(({ status, body }) => [status, body])).toEqual(
      ROWS.map((rows) => [201, expect.objectContaining(rows) as object]),
    );
    const runs = await all((system) => pipeline.post(system, '/v0/process/run', {}));
    expect(runs.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(runs[0]?.body).toMatchObject({ system: pipeline.settings.systems[0]?.name, message: 'Running process' });

    await all((system) => pipeline.publishAll(system));
    const counts = await books.untilAtRest(TOTAL);
    const attempts = await books.attemptsAsked(MAX_ATTEMPTS);
    expect(counts).toEqual({ stored: 1_150, dead: 410, attempts, logged: attempts });
  });

  it('change nowhere when everything is published again after a clear', async () => {
    await all(untilFinished);
    const before = await books.counts();
    expect((await all((system) => pipeline.post(system, '/v0/process/clear'))).map(({ status }) => status)).toEqual([
      200, 200, 200,
    ]);
    await all((system) => pipeline.publishAll(system));
    await all(untilFinished);
    expect(await books.untilAtRest(TOTAL)).toEqual(before);
  });

  it('lie in the queue of dead letters under the ids of the table', async () => {
    const channel = await books.broker.channel();
    const ids = new Set<string>();
    for (let left = 1; left > 0;) {
      const message = await channel.get('orders.dead-letter', { noAck: true });
      if (message === false) break;
      ids.add(String(message.properties.messageId));
      left = message.fields.messageCount;
    }
    await channel.close();
    const rows = await books.endput<{ message_id: string }>('SELECT message_id FROM dead_letters');
    expect(ids).toEqual(new Set(rows.map(({ message_id }) => message_id)));
  });
});

describe('a second run', () => {
  it('is refused while one is on its way, whoever asks', async () => {
    await pipeline.post(0, '/v0/insert-data', { positive_inserts: 200, negative_inserts: 0 });
    // One that follows is on its way until it is stopped.
    const request = { max_attempts: 1, follow: true };
    const answers = await Promise.all([1, 2, 3, 4].map(() => pipeline.post(0, '/v0/process/run', request)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'already-running' });
    await books.untilAtRest(TOTAL + 200);
    expect(await pipeline.post(0, '/v0/process/stop')).toMatchObject({ body: { stopped: true } });
  });
});
