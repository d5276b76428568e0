import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { JobsOverlap, pauseJob, runJob } from '../src/index.ts';
import { forever, idOf, deadLetterOf, openThings, redrive, runnerOf, type ThingsEndput } from './support/things.ts';

let endput: ThingsEndput;
beforeAll(async () => (endput = await openThings()));
afterAll(() => endput.close());
beforeEach(() => endput.empty());

const refused = { beside: false };
const ofOrigin = (origin: string) => ({ filter: { origin } });

/** What somebody is told who begins another job. */
async function told(job: Parameters<ThingsEndput['create']>[0]): Promise<JobsOverlap['overlaps']> {
  const error: unknown = await endput.create({ ...job, ...refused }).catch((reason: unknown) => reason);
  if (!(error instanceof JobsOverlap)) throw new Error('it was not refused for an overlap', { cause: error });
  return error.overlaps;
}

describe('a second job for dead letters that another has before it', () => {
  it('is not begun without a word: it says which job, by whom, and how many it has, until that is done', async () => {
    await endput.write(deadLetterOf(1), deadLetterOf(2), deadLetterOf(3, { origin: 'system-2' }));
    const first = await endput.create(redrive({ selection: ofOrigin('system-1'), why: 'mended', ...refused }));
    const same = redrive({ selection: ofOrigin('system-1'), by: 'bea' });
    expect(await told(same)).toEqual([
      expect.objectContaining({ job: first.id, by: 'ana', why: 'mended', state: 'running', deadLetters: 2 }),
    ]);
    expect(await told(redrive({ selection: { messageIds: [idOf(2), idOf(3)] } }))).toMatchObject([{ deadLetters: 1 }]);
    await pauseJob(endput.sql, 'things', first.id, { by: 'ana' });
    expect(await told({ ...same, action: 'discard' })).toMatchObject([{ state: 'paused' }]);
    expect(await endput.create(redrive({ selection: ofOrigin('system-2'), ...refused }))).toMatchObject({
      state: 'running',
    });
    expect(await endput.create({ ...same, beside: true })).toMatchObject({ state: 'running', by: 'bea' });
  });

  it('is told of what the other has chosen and not yet dealt with, and begun once nothing is left', async () => {
    await endput.write(deadLetterOf(1), deadLetterOf(2));
    const one = redrive({ selection: { messageIds: [idOf(1), idOf(2)] }, ...refused });
    const first = await endput.create(one);
    await runJob(runnerOf(endput), first.id, forever);
    await endput.write(deadLetterOf(1, { round: 2 }));
    expect(await endput.create(one)).toMatchObject({ state: 'running' });
  });

  it('begun at the same moment is told as well: one of many is begun', async () => {
    await endput.write(deadLetterOf(1));
    const one = redrive({ selection: ofOrigin('system-1'), ...refused });
    const ends = await Promise.allSettled(Array.from({ length: 6 }, () => endput.create(one)));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(JobsOverlap);
  });
});
