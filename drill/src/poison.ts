import { randomBytes } from 'node:crypto';
import type { OutgoingMessage } from '@esteira/pipeline';
import { ordersPipeline } from '@esteira/orders/domain';
import { HEADER, writeHeaders } from '@esteira/pipeline';
import type { Chance } from './chance.ts';
import type { Poison } from './ledger.ts';

/** A message that nobody can read, and what it is published as. */
export interface PoisonMessage extends Poison {
  readonly message: OutgoingMessage;
}

const headers = writeHeaders({
  schemaVersion: ordersPipeline.types[0].schemaVersion,
  attempt: 1,
  maxAttempts: 5,
  round: 1,
});

/** What a sender may get wrong. Every body is unlike every other, so that each is found again. */
const KINDS: Record<string, (mark: string) => { body: Uint8Array; headers?: Record<string, unknown>; type?: string }> =
  {
    'not text': (mark) => ({
      body: Buffer.concat([Buffer.from([0xff, 0xfe, 0x00]), Buffer.from(mark), randomBytes(40)]),
    }),
    'cut short': (mark) => ({ body: Buffer.from(`{"order":{"product":"${mark}`) }),
    'deeply nested': (mark) => ({ body: Buffer.from(`${'['.repeat(20_000)}"${mark}"`) }),
    'another schema': (mark) => ({ body: json({ hello: mark }) }),
    'wrong types': (mark) => ({
      body: json({ ...order(mark), processing: { attempts_required: 'many', max_attempts: -1 } }),
    }),
    'forged id': (mark) => ({ body: json(order(mark, 'system-1')) }),
    'unknown system': (mark) => ({ body: json(order(mark)) }),
    'a NUL': (mark) => ({ body: json({ ...order(mark), message_id: `\u0000${mark}` }) }),
    'another type': (mark) => ({ body: json(order(mark)), type: 'invoice.paid' }),
    'a negative attempt': (mark) => ({ body: json(order(mark)), headers: { ...headers, [HEADER.attempt]: -1 } }),
    'no headers': (mark) => ({ body: json(order(mark)), headers: {} }),
    'large headers': (mark) => ({ body: json(order(mark)), headers: { ...headers, padding: 'x'.repeat(60 * 1024) } }),
    'nearly too big': (mark) => ({ body: Buffer.from(mark.padEnd(900_000, '.')) }),
  };

/** Makes a poison message. `mark` must be unlike every other. */
export function poisonMessage(mark: string, chance: Chance): PoisonMessage {
  const kind = chance.pick(Object.keys(KINDS) as [string, ...string[]]);
  const made = KINDS[kind]?.(mark);
  if (made === undefined) throw new Error(`There is no poison ${kind}.`);
  const lane = ordersPipeline.lanes[0];
  const message = { messageId: mark, type: ordersPipeline.types[0].name, lane, headers, ...made };
  return { kind, body: made.body, message };
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

function order(mark: string, system = `nobody-${mark}`) {
  return {
    message_id: '00000000-0000-8000-8000-000000000000',
    processing: { attempts_required: 1, max_attempts: 5 },
    origin: { system, database: 'd', schema: 'public', table: 'orders' },
    order: { id: '1', product: mark, price: '1.00', created_at: '2026-01-01T00:00:00+00:00', security_check: true },
  };
}
