import { createHash } from 'node:crypto';

/** The textual form of a UUID, lower case. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text is a UUID in the form this system writes (lower case, with dashes). */
export function isMessageId(text: unknown): text is string {
  return typeof text === 'string' && UUID.test(text);
}

/**
 * The id of a message that has no readable one, and of one whose id is taken by another: a UUIDv8 (RFC 9562, section
 * 5.8) of 122 bits of a hash of its bytes and properties. The same bytes and properties have the same id.
 */
export function contentId(body: Uint8Array, properties: unknown): string {
  const hash = createHash('sha256').update(body).update('\0').update(JSON.stringify(properties)).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
