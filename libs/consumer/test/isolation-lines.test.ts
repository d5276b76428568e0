import { deadLetterMigrations } from '@esteira/dead-letters';
import type { Delivery } from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { endputMigrations } from '@esteira/orders/endput';
import { messageIds, systemsByMessageId } from '@esteira/orders/domain';
import { migrate, openPostgres, type Sql } from '@esteira/postgres';
import { freshDatabase } from '@esteira/tests/support';
import { expect, it } from 'vitest';
import { isolating } from '../src/isolation.ts';
import { CRASH_BUDGET } from '../src/suspicion.ts';
import { RunningSuspects } from '../src/running-suspects.ts';
import { ExclusiveLock } from '../src/exclusive-lock.ts';

/** What the log says of a message that was there when a consumer ended so often. */
async function saidOf(crashes: number): Promise<Record<string, unknown>> {
  const lines: string[] = [];
  const handler = (batch: readonly Delivery[]) => Promise.resolve(batch.map(() => ({ kind: 'ack' as const })));
  const endput = {
    query: (text: string, values: readonly unknown[]) =>
      Promise.resolve(
        text.startsWith('SELECT') ? [{ key: (values[0] as string[])[0], alone: crashes, beside: 0 }] : [],
      ),
  } as unknown as Sql;
  const isolated = isolating({
    handlers: { usual: handler, giveUp: handler, giveUpUnread: handler },
    endput,
    pipeline: 'orders',
    originOf: systemsByMessageId(['system-1', 'system-2']),
    lock: new ExclusiveLock(),
    suspects: new RunningSuspects(),
    logger: createLogger({ name: 'test', level: 'info', destination: { write: (line) => lines.push(line) } }),
  });
  const messageId = messageIds('system-2')('7');
  const headers = { 'x-attempt': 3 };
  const delivery = {
    tag: 1,
    redelivered: true,
    lane: 'primary',
    type: 't',
    messageId,
    headers,
    body: Buffer.from('x'),
  };
  await isolated([delivery], () => undefined);
  return JSON.parse(lines[0] ?? '{}') as Record<string, unknown>;
}

it.each([0, CRASH_BUDGET])(
  'a line about a suspect with %i crashes tells its id, pipeline, origin and attempt',
  async (crashes) => {
    const message_id = messageIds('system-2')('7');
    expect(await saidOf(crashes)).toMatchObject({
      message_id,
      pipeline: 'orders',
      origin: 'system-2',
      attempt: 3,
      crashes,
    });
  },
);

it('the fault that came first is told where the end of a trial fails too, and the trial is ended at the next try', async () => {
  const database = await freshDatabase('ENDPUT_DATABASE_URL');
  for (const migrations of [endputMigrations, deadLetterMigrations]) await migrate(database.url, migrations);
  const endput = openPostgres({ url: database.url, applicationName: 'test' });
  const lines: string[] = [];
  const broken = async () => {
    await endput.query('ALTER TABLE trials RENAME TO trials_away');
    throw new Error('the first fault');
  };
  const isolated = isolating({
    handlers: { usual: broken, giveUp: broken, giveUpUnread: broken },
    endput,
    pipeline: 'orders',
    originOf: systemsByMessageId(['system-1']),
    lock: new ExclusiveLock(),
    suspects: new RunningSuspects(),
    logger: createLogger({ name: 'test', level: 'info', destination: { write: (line) => lines.push(line) } }),
  });
  const body = Buffer.from('x');
  const delivery = { tag: 1, redelivered: true, lane: 'primary', type: 't', messageId: undefined, headers: {}, body };
  await expect(isolated([delivery], () => undefined)).rejects.toThrow('the first fault');
  expect(lines.join('')).toContain('could not be removed');
  await endput.query('ALTER TABLE trials_away RENAME TO trials');
  await expect(isolated([delivery], () => undefined)).rejects.toThrow('the first fault');
  // Had the first trial not been ended, the message would have been a suspect now, with a crash to its name.
  expect(await endput.query('SELECT crashes FROM trials_away')).toEqual([{ crashes: 0 }]);
  await endput.close();
  await database.drop();
});
