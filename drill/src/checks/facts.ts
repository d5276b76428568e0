import type { AttemptLog } from '@esteira/attempt-log';
import type { AttemptStatus, Failure } from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';

/** A row of the endput. */
export interface StoredFact {
  readonly messageId: string;
  readonly system: string;
  readonly sourceId: string;
  readonly round: number;
  /** The attempt at which it succeeded. */
  readonly attempts: number;
}

/** A dead letter. */
export interface LetterFact {
  readonly messageId: string;
  /** Null where the message did not tell. */
  readonly system: string | null;
  readonly sourceId: string | null;
  readonly state: 'dead' | 'redriven' | 'discarded';
  readonly round: number;
  readonly reason: string;
  readonly attempts: readonly { round: number; attempt: number; worker: string | null; error: Failure | null }[];
  /** MD5 of its bytes. */
  readonly body: string;
}

/** A document of the attempt log. */
export interface AttemptFact {
  readonly round: number;
  readonly attempt: number;
  readonly status: AttemptStatus;
}

/** What the stores hold, read row by row. */
export interface Facts {
  readonly stored: readonly StoredFact[];
  readonly letters: readonly LetterFact[];
  /** By message id; of every message that is stored or a dead letter. */
  readonly log: ReadonlyMap<string, readonly AttemptFact[]>;
  /** Documents of attempts in the whole log, those of unreadable messages left out. */
  readonly logged: number;
  readonly maxAttempts: number;
}

/** Messages whose documents are asked for at once. */
const PAGE = 500;

/** Reads all there is. Nothing may move meanwhile. */
export async function readFacts(
  endput: Sql,
  attemptLog: AttemptLog,
  pipeline: string,
  maxAttempts: number,
): Promise<Facts> {
  const stored = await endput.query<StoredFact>(
    `select message_id as "messageId", system, source_id as "sourceId", round, attempts from orders order by message_id`,
  );
  const letters = await endput.query<LetterFact>(
    `select message_id as "messageId", origin as system, key as "sourceId", state, round, reason, attempts, md5(body) as body
       from dead_letters where pipeline = $1 order by message_id`,
    [pipeline],
  );
  const ids = [...new Set([...stored, ...letters].map(({ messageId }) => messageId))];
  const log = new Map<string, AttemptFact[]>();
  for (let from = 0; from < ids.length; from += PAGE) {
    for (const { message_id, round, attempt, status } of await attemptLog.ofMessages(ids.slice(from, from + PAGE))) {
      const known = log.get(message_id);
      if (known === undefined) log.set(message_id, [{ round, attempt, status }]);
      else known.push({ round, attempt, status });
    }
  }
  const counts = await attemptLog.countByOrigin(pipeline);
  return { stored, letters, log, logged: [...counts.values()].reduce((sum, n) => sum + n, 0), maxAttempts };
}
