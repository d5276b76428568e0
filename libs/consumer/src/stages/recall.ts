import type { AttemptDocument, AttemptLog } from '@esteira/attempt-log';
import { recall as recallAtRest } from '@esteira/dead-letters';
import type { Sql } from '@esteira/postgres';
import type { Effect } from '../effect.ts';
import type { Subject } from '../subject.ts';
import type { Decoded, Recalled } from '../work.ts';
import { isAttemptOf, logIdOf } from './log-id.ts';

/** What recalling asks. */
export interface Memory<M> {
  readonly endput: Sql;
  readonly attemptLog: AttemptLog;
  readonly effect: Pick<Effect<M>, 'atRest'>;
  readonly subject: Subject<M>;
}

/** Finds out which messages are at rest already, and which attempts were made already: a query each for the batch. */
export async function recall<M>(batch: readonly Decoded<M>[], memory: Memory<M>): Promise<readonly Recalled<M>[]> {
  const { endput, effect } = memory;
  const known = batch.filter(({ content }) => content.kind !== 'too-new');
  const [atRest, made] = await Promise.all([
    recallAtRest(
      endput,
      effect.atRest,
      known.map(({ attempt }) => attempt),
    ),
    madeOf(known, memory),
  ]);
  // Of most batches nothing is known: then there is nothing to add to any of them.
  if (made.size === 0 && atRest.every((rest) => rest === undefined)) return batch;
  const restOf = new Map(known.map((work, index) => [work, atRest[index]]));
  return batch.map((work) => {
    const rest = restOf.get(work);
    return { ...work, ...(rest && { rest }), ...made.get(work) };
  });
}

/** What the log has of an attempt, or of another message's under the same id. */
type Logged = Pick<Recalled<unknown>, 'made' | 'idTaken'>;

/** What the log has of these. Where ids were used again after a truncate it is asked twice. */
async function madeOf<M>(
  batch: readonly Decoded<M>[],
  { attemptLog: log, subject }: Memory<M>,
): Promise<Map<Decoded<M>, Logged>> {
  const documents = await documentsOf(batch, log);
  const made = new Map<Decoded<M>, Logged>();
  const taken = new Map<Decoded<M>, Recalled<M>>();
  for (const work of documents.size === 0 ? [] : batch) {
    const document = documents.get(logIdOf(work));
    if (document === undefined) continue;
    if (isAttemptOf(document, work, subject)) made.set(work, { made: document });
    else taken.set(work, { ...work, idTaken: true });
  }
  if (taken.size === 0) return made;
  const others = await documentsOf([...taken.values()], log);
  for (const [work, apart] of taken) {
    const document = others.get(logIdOf(apart));
    made.set(work, { idTaken: true, ...(document && { made: document }) });
  }
  return made;
}

async function documentsOf(
  batch: readonly Recalled<unknown>[],
  log: AttemptLog,
): Promise<Map<string, AttemptDocument>> {
  const documents = await log.find(batch.map(logIdOf));
  return new Map(documents.map((document) => [document._id, document]));
}
