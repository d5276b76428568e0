import { attemptId, type AttemptDocument } from '../src/index.ts';

/** An attempt of the pipeline orders that failed. */
export function attempt(messageId: string, number: number, changes: Partial<AttemptDocument> = {}): AttemptDocument {
  return {
    _id: attemptId(messageId, 1, number),
    pipeline: 'orders',
    type: 'order.placed',
    message_id: messageId,
    round: 1,
    attempt: number,
    max_attempts: 5,
    status: 'failed',
    info: '',
    error: { code: 'x', message: 'y' },
    reason: null,
    result: null,
    origin: { system: 'system-1' },
    worker: 'w',
    started_at: new Date(),
    duration_ms: 1,
    processed_at: new Date(),
    ...changes,
  };
}
