import { createHash } from 'node:crypto';

/**
 * The id of the task of a slot: a UUIDv8 (RFC 9562, section 5.8) of the slot's milliseconds, as in a UUIDv7, and 72 bits of
 * a hash of the schedule. So one slot has one id whoever fires it, and ids stand in the order of time. The store reckons
 * the same (`slot_task_id`), and refuses any other.
 *
 * @param slot in milliseconds since 1970
 */
export function slotTaskId(scheduleId: string, slot: number): string {
  const time = slot.toString(16).padStart(12, '0');
  const hash = createHash('sha256')
    .update(Buffer.from(scheduleId.replaceAll('-', ''), 'hex'))
    .digest('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-8${hash.slice(0, 3)}-8${hash.slice(3, 6)}-${hash.slice(6, 18)}`;
}
