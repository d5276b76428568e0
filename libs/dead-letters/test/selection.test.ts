import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runJob, type DeadLetterFilter } from '../src/index.ts';
import { earlierConditionOf } from './support/earlier.ts';
import {
  deadLetterOf,
  forever,
  idOf,
  openThings,
  redrive,
  rows,
  runnerOf,
  type ThingsEndput,
} from './support/things.ts';

let endput: ThingsEndput;
beforeAll(async () => (endput = await openThings()));
afterAll(() => endput.close());
beforeEach(() => endput.empty());

const written = async (id: string) => {
  const [job] = await endput.sql.query<{ selection: { filter: Record<string, string | null> } }>(
    'SELECT selection FROM dead_letter_jobs WHERE id = $1::bigint',
    [id],
  );
  return job!.selection;
};

/** A job as an earlier release wrote it, or a later one. */
const earlierJob = async (filter: object) => {
  const job = await endput.create(redrive());
  await endput.sql.query('UPDATE dead_letter_jobs SET selection = $2::jsonb WHERE id = $1::bigint', [
    job.id,
    JSON.stringify({ filter }),
  ]);
  return job;
};

describe('what a job is for', () => {
  it.each<{ filter: DeadLetterFilter }>([
    { filter: {} },
    { filter: { origin: 'system-1' } },
    { filter: { lane: 'express' } },
    { filter: { origin: 'system-1', lane: 'express', reason: 'invalid' } },
    {
      filter: {
        reason: 'refused',
        errorCode: 'c',
        words: 'late',
        from: '2026-01-01T00:00:00Z',
        to: '2027-01-01T00:00:00Z',
      },
    },
  ])('is read as it was meant, and an earlier release can choose nothing by it: $filter', async ({ filter }) => {
    await endput.writeRows(rows(3));
    const job = await endput.create(redrive({ selection: { filter } }));
    expect((await endput.read(job)).selection).toEqual({ filter });
    const earlier = earlierConditionOf('things', { ...(await written(job.id)).filter, state: 'dead' });
    const choice = endput.sql.query(`SELECT message_id FROM dead_letters WHERE ${earlier.sql}`, earlier.values);
    await expect(choice).rejects.toThrow('column "system" does not exist');
  });

  it('is what it was where an earlier release wrote it', async () => {
    await endput.writeRows(rows(3));
    await endput.write(deadLetterOf(4, { origin: 'system-2' }), deadLetterOf(5, { origin: 'system-2' }));
    const job = await earlierJob({ system: 'system-2' });
    const runner = runnerOf(endput);
    await runJob(runner, job.id, forever);
    expect(await endput.read(job)).toMatchObject({ state: 'finished', total: 2, done: 2 });
    expect((await endput.read(job)).selection).toEqual({ filter: { origin: 'system-2' } });
    expect(runner.sent.map(({ messageId }) => messageId)).toEqual([idOf(4), idOf(5)]);
  });
});
