import { createHash } from 'node:crypto';

/** Bits of a source row's id that fit into a message id: a Postgres `bigint` that is not negative. */
const MAX_ROW_ID = 2n ** 63n - 1n;
const LOW_62_BITS = 2n ** 62n - 1n;
/** The variant bits `10` of RFC 9562 above 62 free bits. */
const VARIANT = 2n ** 63n;

/** The textual form of a UUID, lower case. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text is a UUID in the form this system writes (lower case, with dashes). */
export function isMessageId(text: unknown): text is string {
  return typeof text === 'string' && UUID.test(text);
}

/**
 * Makes the message ids of one system: a UUIDv8 (RFC 9562, section 5.8) of 59 bits of a hash of pipeline and system,
 * then the row id's 63 bits. Deterministic, so that a copy is recognised; ids of neighbouring rows sort together.
 *
 * @returns a function from a row id (decimal text, 0..2^63-1) to its message id.
 * @throws RangeError when the row id is negative or does not fit into 63 bits.
 */
export function messageIds(pipeline: string, system: string): (rowId: string) => string {
  const hash = createHash('sha256').update(pipeline).update('\0').update(system).digest().readBigUInt64BE(0) >> 5n;
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
export function systemsByMessageId(
  pipeline: string,
  systems: readonly string[],
): (messageId: string) => string | undefined {
  const systemOf = new Map(
    systems.map((system) => [messageIds(pipeline, system)('0').slice(0, PREFIX_LENGTH), system]),
  );
  return (messageId) => systemOf.get(messageId.slice(0, PREFIX_LENGTH));
}

/**
 * The row id that a message id was made of, decimal text; undefined where the id is not of this system, and no row's.
 */
export function rowIdOf(messageId: string, pipeline: string, system: string): string | undefined {
  if (!isMessageId(messageId)) return undefined;
  const bits = BigInt(`0x${messageId.replaceAll('-', '')}`);
  const rowId = String((((bits >> 64n) & 1n) << 62n) | (bits & LOW_62_BITS));
  return messageIds(pipeline, system)(rowId) === messageId ? rowId : undefined;
}

/**
 * The id of a message that has no readable one, and of an order whose id is taken by another: a UUIDv8 of 122 bits of
 * a hash of its bytes and properties. The same bytes and properties have the same id.
 */
export function contentId(body: Uint8Array, properties: unknown): string {
  const hash = createHash('sha256').update(body).update('\0').update(JSON.stringify(properties)).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
