import { keepLease } from '@esteira/lease';
import type { Logger } from '@esteira/observability';
import { startActivity, type ActivityView } from './activity.ts';
import type { CursorFields } from './cursor.ts';
import { laneGate } from './lane-gate.ts';
import { patience } from './patience.ts';
import { RunEnded, type RunEnd } from './run-end.ts';
import { Run, type RunParts } from './run.ts';

/** A run of this process, from its start to the last word about it in Redis. */
export interface RunHere {
  readonly runId: string;
  activity(): ActivityView;
  /** Ends the run early, after the page at hand, and ends every waiting. Later calls change nothing. */
  end(end: RunEnd): void;
  /** Resolves, with how the run ended, when that is written down or was given up. Never rejects. */
  readonly ended: Promise<RunEnd>;
}

/** What a run is made from; the rest of its parts belongs to it alone. */
export type RunPlan = Omit<RunParts, 'activity' | 'ending' | 'patiently' | 'gate'> & {
  readonly depth?: (lane: string) => Promise<number>;
  readonly maxLaneDepth: (lane: string) => number;
  readonly blocked?: () => string | undefined;
};

/** Starts a run that holds the cursor already. */
export function startRun({ depth, maxLaneDepth, blocked, ...plan }: RunPlan): RunHere {
  const { runId, token, cursor, leaseMs, now } = plan;
  const logger = plan.logger.child({ run_id: runId });
  const activity = startActivity(now, blocked);
  const ending = new AbortController();
  const giveUp = new AbortController();
  const patiently = patience(ending.signal, activity, logger);
  const signal = ending.signal;
  const gate = depth && laneGate({ depth, maxDepth: maxLaneDepth, patiently, signal, activity, now });
  const run = new Run({ ...plan, logger, activity, ending, patiently, ...(gate === undefined ? {} : { gate }) });
  const stopRenewing = keepLease({
    forMs: leaseMs,
    renew: async () => {
      const outcome = await cursor.write({ runId, token }, leaseMs);
      if (outcome === 'written') return true;
      ending.abort(new RunEnded(outcome === 'stop-asked' ? { kind: 'stopped' } : { kind: 'lost', why: outcome }));
      return outcome === 'stop-asked';
    },
    // Nobody can take a lease from a Redis that is not there.
    onFault: (error) => {
      logger.debug({ err: error }, 'The lease was not renewed this time');
    },
  });
  const live = async () => {
    const end = await endOf(run, logger);
    await stopRenewing();
    report(end, logger);
    const patientToEnd = patience(giveUp.signal, activity, logger);
    await conclude(end, (fields) => patientToEnd('redis', () => cursor.write({ runId, token }, 0, fields)), logger);
    return end;
  };
  return {
    runId,
    activity: () => activity.view(),
    end: (end) => {
      ending.abort(new RunEnded(end));
      giveUp.abort(new RunEnded(end));
    },
    ended: live(),
  };
}

async function endOf(run: Run, logger: Logger): Promise<RunEnd> {
  try {
    return await run.toEnd();
  } catch (defect) {
    logger.error({ err: defect }, 'The run broke off by a defect; it counts as interrupted');
    return { kind: 'closed' };
  }
}

/** Writes down how a run ended and gives up its lease. A run that can't say so is found interrupted. */
async function conclude(end: RunEnd, write: (fields: CursorFields) => Promise<unknown>, logger: Logger): Promise<void> {
  const fields = lastWords(end);
  if (fields === undefined) return;
  try {
    await write(fields);
  } catch (error) {
    logger.warn({ err: error }, 'The end of the run was not written down; it counts as interrupted');
  }
}

/** What the cursor says after a run; undefined when it is not this run's any more. */
function lastWords(end: RunEnd): CursorFields | undefined {
  switch (end.kind) {
    case 'finished':
      return { status: 'FINISHED' };
    case 'stopped':
      return { status: 'IDLE' };
    case 'error':
      return { status: 'ERROR', error: end.error };
    case 'closed':
      return {};
    case 'lost':
      return undefined;
  }
}

function report(end: RunEnd, logger: Logger): void {
  switch (end.kind) {
    case 'finished':
      logger.info('The run is at the watermark');
      break;
    case 'stopped':
    case 'closed':
      logger.info(`The run is ${end.kind}`);
      break;
    case 'error':
      logger.error({ code: end.error.code }, end.error.message);
      break;
    case 'lost':
      logger.warn(
        end.why === 'gone'
          ? 'The run ends: its cursor is gone from Redis, which was emptied. The next run publishes everything again'
          : 'The run ends: it was stopped, or another run has taken its cursor',
      );
      break;
  }
}
