import type { Delivery } from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { messageIds } from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';
import { expect, it } from 'vitest';
import { CRASH_BUDGET, isolating } from '../src/isolation.ts';
import { Solitude } from '../src/solitude.ts';

/** What the log says of a message that was there when a consumer ended so often. */
async function saidOf(crashes: number): Promise<Record<string, unknown>> {
  const lines: string[] = [];
  const handler = (batch: readonly Delivery[]) => Promise.resolve(batch.map(() => ({ kind: 'ack' as const })));
  const endput = {
    query: (text: string, values: readonly unknown[]) =>
      Promise.resolve(text.startsWith('SELECT') ? [{ key: (values[0] as string[])[0], crashes }] : []),
  } as unknown as Sql;
  const isolated = isolating({
    handlers: { usual: handler, giveUp: handler, giveUpUnread: handler },
    endput,
    pipeline: 'orders',
    systems: ['system-1', 'system-2'],
    solitude: new Solitude(),
    logger: createLogger({ name: 'test', level: 'info', destination: { write: (line) => lines.push(line) } }),
  });
  const messageId = messageIds('orders', 'system-2')('7');
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
  'a line about a suspect with %i crashes tells its id, pipeline, system and attempt',
  async (crashes) => {
    const message_id = messageIds('orders', 'system-2')('7');
    expect(await saidOf(crashes)).toMatchObject({
      message_id,
      pipeline: 'orders',
      system: 'system-2',
      attempt: 3,
      crashes,
    });
  },
);
