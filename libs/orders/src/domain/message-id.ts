import { createHash } from 'node:crypto';
import { isMessageId } from '@esteira/pipeline';
import { ordersPipeline } from './order.ts';

/** Bits of a source row's id that fit into a message id: a Postgres `bigint` that is not negative. */
const MAX_ROW_ID = 2n ** 63n - 1n;
const LOW_62_BITS = 2n ** 62n - 1n;
/** The variant bits `10` of RFC 9562 above 62 free bits. */
const VARIANT = 2n ** 63n;

/**
 * Makes the message ids of one system: a UUIDv8 (RFC 9562, section 5.8) of 59 bits of a hash of pipeline and system,
 * then the row id's 63 bits. Deterministic, so that a copy is recognised; ids of neighbouring rows sort together.
 *
 * @returns a function from a row id (decimal text, 0..2^63-1) to its message id.
 * @throws RangeError when the row id is negative or does not fit into 63 bits.
 */
export function messageIds(system: string): (rowId: string) => string {
  const hashed = createHash('sha256').update(ordersPipeline.name).update('\0').update(system).digest();
  const hash = hashed.readBigUInt64BE(0) >> 5n;
  const head = (hash >> 11n).toString(16).padStart(12, '0');
  const prefix = `${head.slice(0, 8)}-${head.slice(8)}-8`;
  const low11 = (hash & 0x7ffn) << 1n;
  return (rowId) => {
    const id = BigInt(rowId);
    if (id < 0n || id > MAX_ROW_ID) throw new RangeError(`Row id ${rowId} of ${system} is not in 0..2^63-1`);
    const customB = (low11 | (id >> 62n)).toString(16).padStart(3, '0');
    const tail = (VARIANT | (id & LOW_62_BITS)).toString(16);
    return `${prefix}${customB}-${tail.slice(0, 4)}-${tail.slice(4)}`;
  };
}

/** So much of a message id comes from pipeline and system alone: 56 of the 59 bits. */
const PREFIX_LENGTH = 17;

/**
 * Tells by a message id alone which system it is of; undefined for an id of none of them. It proves nothing: whoever
 * makes up an id may choose any.
 */
export function systemsByMessageId(systems: readonly string[]): (messageId: string) => string | undefined {
  const systemOf = new Map(systems.map((system) => [messageIds(system)('0').slice(0, PREFIX_LENGTH), system]));
  return (messageId) => systemOf.get(messageId.slice(0, PREFIX_LENGTH));
}

/**
 * The row id that a message id was made of, decimal text; undefined where the id is not of this system, and no row's.
 */
export function rowIdOf(messageId: string, system: string): string | undefined {
  if (!isMessageId(messageId)) return undefined;
  const bits = BigInt(`0x${messageId.replaceAll('-', '')}`);
  const rowId = String((((bits >> 64n) & 1n) << 62n) | (bits & LOW_62_BITS));
  return messageIds(system)(rowId) === messageId ? rowId : undefined;
}
