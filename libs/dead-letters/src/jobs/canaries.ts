import type { Sql } from '@esteira/postgres';
import type { AtRestView } from '../at-rest.ts';
import { stopItself } from './end.ts';
import { HELD, type HeldJob } from './lease.ts';
import { onceSent, type Next, type RunningJob } from './running-job.ts';

/** How often it is looked at how the canaries are, or what has failed again, in milliseconds. */
const LOOK_EVERY_MS = 500;

/** What becomes of those it has sent and keeps a job from sending more now; undefined where nothing does. */
export async function whatHoldsBack(run: RunningJob, job: HeldJob): Promise<Next | undefined> {
  if (job.canary > 0 && !job.canaryPassed && job.phaseDone >= job.canary) return judgeCanaries(run, job);
  if (job.share < 1 && performance.now() - run.lookedAt >= LOOK_EVERY_MS) {
    run.lookedAt = performance.now();
    const failed = await failedAgain(run.options.sql, job);
    if (isTooMuch(job.phaseDone, failed, job.canary, job.share)) return stopItself(run, job, failed);
  }
  return undefined;
}

async function judgeCanaries(run: RunningJob, job: HeldJob): Promise<Next> {
  if (run.sending !== undefined) return onceSent(run, run.sending);
  const { sql, redrivable } = run.options;
  const sent = await canaries(sql, job, redrivable.atRest);
  switch (canaryVerdict(sent, job.share)) {
    case 'wait':
      return { kind: 'wait', ms: LOOK_EVERY_MS, note: 'waits for those that went first' };
    case 'stop':
      return stopItself(run, job, sent.failed);
    case 'go':
      await sql.query(`UPDATE dead_letter_jobs SET canary_passed = true WHERE ${HELD} AND leg = $3`, [
        job.id,
        job.fence,
        job.phase,
      ]);
      return { kind: 'step' };
  }
}

/** How many of those that this phase of a job has sent are dead again. */
async function failedAgain(sql: Sql, { id, phase, phaseFrom }: HeldJob): Promise<number> {
  const [row] = await sql.query<{ failed: number }>(
    `SELECT (SELECT count(*)::int FROM dead_letters WHERE job = $1::bigint AND job_leg = $2 AND state = 'dead')
          + (SELECT count(*)::int FROM dead_letter_job_items AS item JOIN dead_letters AS again
               ON again.message_id = item.sent_as AND again.state = 'dead' AND again.round = item.round + 1
              WHERE item.job = $1::bigint AND item.ordinal > $3 AND item.sent_as IS NOT NULL) AS failed`,
    [id, phase, phaseFrom],
  );
  return row?.failed ?? 0;
}

/** How the canaries of this phase are. What rests under the id of one as another incarnation is another's. */
async function canaries(sql: Sql, job: HeldJob, { view }: AtRestView): Promise<Sent> {
  const [row] = await sql.query<{ stored: number }>(
    `SELECT count(*)::int AS stored FROM dead_letter_job_items AS item
       JOIN dead_letters AS dead ON dead.message_id = item.message_id
       JOIN ${view} AS stored ON stored.message_id = coalesce(item.sent_as, item.message_id)
        AND (dead.incarnation IS NULL OR dead.incarnation = stored.incarnation)
      WHERE item.job = $1::bigint AND item.ordinal > $2 AND item.ordinal <= $3 AND item.outcome = 'done'`,
    [job.id, job.phaseFrom, job.markedUpTo],
  );
  return { sent: job.phaseDone, failed: await failedAgain(sql, job), stored: row?.stored ?? 0 };
}

/** The least number of messages that go before the others. */
const LEAST_CANARIES = 20;
const CANARY_SHARE = 0.01;

/** How many of `count` go before the others: 1 %, at least 20. Pure. */
export function canarySize(count: number): number {
  return Math.min(count, Math.max(LEAST_CANARIES, Math.ceil(count * CANARY_SHARE)));
}

/** What is known of the messages that a job has sent. */
interface Sent {
  readonly sent: number;
  /** Dead again. */
  readonly failed: number;
  /** Stored. */
  readonly stored: number;
}

/** The canaries tell nothing yet, they let the others go, or too many are dead again. */
type Verdict = 'wait' | 'go' | 'stop';

/**
 * Judges the canaries: `stop` once more than `share` of them failed, `go` once no more than that still can. Pure.
 *
 * @param share 0..1
 */
function canaryVerdict({ sent, failed, stored }: Sent, share: number): Verdict {
  const bearable = share * sent;
  if (failed > bearable) return 'stop';
  return sent - stored <= bearable ? 'go' : 'wait';
}

/** Whether more than `share` of what was sent is dead again; measured by the canaries while fewer were sent. Pure. */
function isTooMuch(sent: number, failed: number, canaries: number, share: number): boolean {
  return share < 1 && failed > share * Math.max(sent, canaries);
}
