import { attemptId, type AttemptDocument } from '@esteira/attempt-log';
import type { Subject } from '../subject.ts';
import type { Decoded, Recalled } from '../work.ts';

/**
 * The id of an attempt's document. Where the log has one of that id which is another message's (a row that had the same
 * id before a truncate), the time its own row was made is part of it, so that both are kept.
 */
export function logIdOf({ attempt: { messageId, round, attempt }, createdAt, idTaken }: Recalled<unknown>): string {
  const id = attemptId(messageId, round, attempt);
  return idTaken === true ? `${id}:${createdAt ?? 'unknown'}` : id;
}

/** Whether a document is this message's: not another one's that had its id before, nor one's that could not be read. */
export function isAttemptOf<M>(
  document: AttemptDocument,
  { content, createdAt }: Decoded<M>,
  subject: Subject<M>,
): boolean {
  const kept = (document as unknown as Record<string, unknown>)[subject.name];
  return subject.createdAtOf(kept) === (content.kind === 'readable' ? createdAt : null);
}
