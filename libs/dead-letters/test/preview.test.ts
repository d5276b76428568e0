import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { previewJob, type PreviewRequest } from '../src/index.ts';
import {
  CREATED_AT,
  idOf,
  deadLetterOf,
  openThings,
  redrivable,
  rows,
  STORED,
  type ThingsEndput,
} from './support/things.ts';

let endput: ThingsEndput;
beforeAll(async () => (endput = await openThings()));
afterAll(() => endput.close());
beforeEach(() => endput.empty());

const preview = (changes: Partial<PreviewRequest> = {}) =>
  previewJob(endput.sql, redrivable, { action: 'redrive', selection: { filter: {} }, ...changes });

/** As another program would: what stores a thing here takes its dead letter back. */
const storeBeside = (row: number, createdAt: string) =>
  endput.sql.query(`INSERT INTO ${STORED} VALUES ($1, $2, 1, 1)`, [idOf(row), createdAt]);

describe('a preview', () => {
  it('counts by origin and reason, and how many are sent before the others', async () => {
    const error = { code: 'timeout', message: 'm' };
    await endput.write(
      ...rows(20).map((row) => deadLetterOf(row)),
      ...rows(10, 21).map((row) => deadLetterOf(row, { origin: 'system-2', error })),
      ...rows(5, 31).map((row) => deadLetterOf(row, { reason: 'invalid' })),
    );
    expect(await preview({ ratePerSecond: 10, stopAtFailedShare: 0.5 })).toEqual({
      total: 35,
      byOrigin: [
        { origin: 'system-1', count: 25 },
        { origin: 'system-2', count: 10 },
      ],
      byReason: [
        { reason: 'attempts-exhausted', errorCode: 'c', count: 20 },
        { reason: 'attempts-exhausted', errorCode: 'timeout', count: 10 },
        { reason: 'invalid', errorCode: 'c', count: 5 },
      ],
      alreadyStored: 0,
      perhapsUnreadable: 5,
      notDead: 0,
      canary: 20,
      seconds: 4,
    });
  });

  it('counts as stored what stands in the endput, and not another row whose id was used again', async () => {
    await endput.writeRows(rows(6));
    for (const row of rows(2)) await storeBeside(row, CREATED_AT);
    await storeBeside(3, '2026-02-02T00:00:00.000001+00:00');
    expect(await preview()).toMatchObject({ total: 6, alreadyStored: 2 });
    const picked = { messageIds: [idOf(2), idOf(3), idOf(4), randomUUID()] };
    expect(await preview({ selection: picked })).toMatchObject({ total: 3, alreadyStored: 1, notDead: 1 });
  });
});
