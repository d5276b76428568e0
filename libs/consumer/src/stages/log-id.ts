import { attemptId, type AttemptDocument } from '@esteira/attempt-log';
import type { JsonValue } from '@esteira/pipeline';
import type { Subject } from '../subject.ts';
import type { Decoded, Recalled } from '../work.ts';

/**
 * The id of an attempt's document. Where the log has one of that id which is another message's (a row that had the same
 * id before a truncate), its own incarnation is part of it, so that both are kept.
 */
export function logIdOf({ attempt: { messageId, round, attempt, incarnation }, idTaken }: Recalled<unknown>): string {
  const id = attemptId(messageId, round, attempt);
  return idTaken === true ? `${id}:${incarnation ?? 'unknown'}` : id;
}

/** Whether a document is this message's: not another one's that had its id before, nor one's that could not be read. */
export function isAttemptOf<M>(
  document: AttemptDocument,
  { content, attempt }: Decoded<M>,
  subject: Subject<M>,
): boolean {
  const kept = (document as unknown as Record<string, JsonValue | undefined>)[subject.name] ?? null;
  const isReadable = content.kind === 'readable';
  if (kept === null || !isReadable) return kept === null && !isReadable;
  // A document of an earlier release does not tell its incarnation.
  const { incarnation = subject.incarnationOf?.(kept) ?? null } = document;
  return incarnation === attempt.incarnation;
}
