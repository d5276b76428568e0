import { laneOf, mostDepthOf } from '@esteira/pipeline';
import type { HeldJob } from './lease.ts';
import { BATCH, onceSent, type Left, type Next, type RunningJob } from './running-job.ts';

/*
 * A lane that is full holds back what goes to it, and nothing else of its job: such items are put off, which is to say
 * that they stand once more at the end of the job's items. So what a job is done with is always its first items, and
 * what it has published too, whatever the order in which lanes have room.
 */

/** How long a job waits before it looks again whether a lane has room, in milliseconds. */
const LOOK_EVERY_MS = 500;

/** How far a job goes in one step, and the ordinals of the items up to there that it puts off. */
export interface Stretch {
  readonly upTo: number;
  readonly putOff: readonly number[];
}

/** An item that a job comes to. Of one without a lane, whose dead letter is gone, nothing is sent. */
export interface NextItem {
  readonly ordinal: number;
  readonly lane: string | null;
}

/** Where a job goes on, or the lanes that all it has left goes to, none of which has room. */
export type LaneDecision =
  { readonly kind: 'go'; readonly stretch: Stretch } | { readonly kind: 'wait'; readonly full: readonly string[] };

/**
 * Decides how far a job goes: over its next items, until `most` of them may be sent; those of full lanes are put off. It
 * waits only where nothing that it has left goes to a lane with room. Pure.
 */
export function decideStretch(
  next: readonly NextItem[],
  left: ReadonlyMap<string | null, number>,
  full: ReadonlySet<string>,
  most: number,
): LaneDecision {
  const mustWait = ({ lane }: { readonly lane: string | null }) => lane !== null && full.has(lane);
  const lanesLeft = [...left].flatMap(([lane, count]) => (count > 0 ? [lane] : []));
  const ready = next.filter((item) => !mustWait(item));
  if (ready.length === 0 && lanesLeft.every((lane) => mustWait({ lane })))
    return { kind: 'wait', full: lanesLeft.filter((lane) => lane !== null) };
  const upTo = (ready[most - 1] ?? next.at(-1))?.ordinal ?? 0;
  const putOff = next.filter((item) => mustWait(item) && item.ordinal <= upTo).map(({ ordinal }) => ordinal);
  return { kind: 'go', stretch: { upTo, putOff } };
}

/** A stretch, what is known of its items, and how a step ends that can't go anywhere. */
type Way =
  | { readonly kind: 'go'; readonly stretch: Stretch; readonly items: readonly NextItem[] }
  | { readonly kind: 'wait'; readonly next: Next };

/** How far a job may go now, so that `most` of its items take effect. */
export async function wayOf(run: RunningJob, job: HeldJob, most: number): Promise<Way> {
  const { redrivable, batch = BATCH } = run.options;
  const upTo = Math.min(job.total, job.markedUpTo + most);
  if (job.action === 'discard') return { kind: 'go', stretch: { upTo, putOff: [] }, items: [] };
  const { lanes } = redrivable.pipeline;
  if (lanes.length === 1) {
    const full = await fullOf(run, lanes);
    return full.size > 0 ? waitFor(run, lanes) : { kind: 'go', stretch: { upTo, putOff: [] }, items: [] };
  }
  const items = await nextItems(run, job, batch);
  let full = await fullOf(run, lanesOf(items));
  // Which lanes the others go to matters only where one is full, and is known after that.
  if (full.size > 0) {
    if (run.left === undefined || job.markedUpTo >= run.left.countedUpTo) run.left = await countLeft(run, job);
    full = await fullOf(run, lanesOf([...run.left.byLane.keys()].map((lane) => ({ lane }))));
  }
  const decision = decideStretch(items, run.left?.byLane ?? new Map<string, number>(), full, most);
  return decision.kind === 'wait' ? waitFor(run, decision.full) : { ...decision, items };
}

const lanesOf = (items: readonly Pick<NextItem, 'lane'>[]): string[] => [
  ...new Set(items.flatMap(({ lane }) => (lane === null ? [] : [lane]))),
];

async function fullOf({ gate }: RunningJob, lanes: readonly string[]): Promise<Set<string>> {
  const full = new Set<string>();
  for (const lane of lanes) if (!(await gate.isOpen(lane, performance.now()))) full.add(lane);
  return full;
}

/** What was marked is not left behind by a wait: RabbitMQ has it, or it is sent again. */
function waitFor(run: RunningJob, full: readonly string[]): Way {
  if (run.sending !== undefined) return { kind: 'wait', next: onceSent(run, run.sending) };
  const { redrivable, maxLaneDepth } = run.options;
  const isOnlyOne = redrivable.pipeline.lanes.length === 1;
  const named = full.map((lane) => {
    const most = mostDepthOf(redrivable.pipeline, lane, maxLaneDepth);
    return `${isOnlyOne ? 'the lane' : `the lane ${lane}`} to drain to ${most} messages`;
  });
  return { kind: 'wait', next: { kind: 'wait', ms: LOOK_EVERY_MS, note: `waits for ${named.join(', or ')}` } };
}

/** Notes what a step has marked: how deep lanes are by now, and what is left. */
export function noteMarked(
  { gate, left, options: { redrivable } }: RunningJob,
  { upTo, toSend }: { readonly upTo: number; readonly toSend: readonly { readonly lane: string | null }[] },
  { stretch, items }: Extract<Way, { kind: 'go' }>,
): void {
  for (const { lane } of toSend) gate.sent(laneOf(redrivable.pipeline, lane));
  if (left === undefined) return;
  const putOff = new Set(stretch.putOff);
  for (const { ordinal, lane } of items)
    if (ordinal <= upTo && !putOff.has(ordinal)) left.byLane.set(lane, (left.byLane.get(lane) ?? 0) - 1);
}

const LANE = 'CASE WHEN dead.message_id IS NULL THEN NULL ELSE coalesce(dead.lane, $3) END AS lane';
const ITEMS = `dead_letter_job_items AS item LEFT JOIN dead_letters AS dead USING (message_id)
  WHERE item.job = $1::bigint AND item.ordinal > $2`;

async function nextItems({ options }: RunningJob, job: HeldJob, most: number): Promise<NextItem[]> {
  const { sql, redrivable } = options;
  const { pipeline } = redrivable;
  const items = await sql.query<NextItem>(`SELECT item.ordinal, ${LANE} FROM ${ITEMS} ORDER BY item.ordinal LIMIT $4`, [
    job.id,
    job.markedUpTo,
    pipeline.lanes[0],
    most,
  ]);
  return items.map(({ ordinal, lane }) => ({ ordinal, lane: lane && laneOf(pipeline, lane) }));
}

/** Reads all that is left once: some seconds for a million. */
async function countLeft({ options }: RunningJob, job: HeldJob): Promise<Left> {
  const { sql, redrivable } = options;
  const { pipeline } = redrivable;
  const counts = await sql.query<{ lane: string | null; count: number }>(
    `SELECT ${LANE}, count(*)::int AS count FROM ${ITEMS} GROUP BY 1`,
    [job.id, job.markedUpTo, pipeline.lanes[0]],
  );
  const byLane: Left['byLane'] = new Map();
  for (const { lane, count } of counts) {
    const goesTo = lane && laneOf(pipeline, lane);
    byLane.set(goesTo, (byLane.get(goesTo) ?? 0) + count);
  }
  return { byLane, countedUpTo: job.total };
}
