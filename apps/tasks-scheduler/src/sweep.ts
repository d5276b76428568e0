import type { Sql } from '@esteira/postgres';
import { taskMessage } from '@esteira/tasks/messages';
import { forgetHandovers, releaseWaiting, takeOldHandovers, type Handover } from '@esteira/tasks/store';
import type { HandingOver } from './handing-over.ts';

/** After so long, in milliseconds, a handover that nobody saw confirmed is sent again, whoever made it. */
const OLD_MS = 5_000;
/** Handovers, and tasks that waited, that are taken at once. */
const MOST = 100;

/** Sends again what was fired and perhaps not published: its scheduler died, or RabbitMQ was away. */
export async function sweepOldHandovers(sql: Sql, handing: HandingOver): Promise<void> {
  for (;;) {
    await forgetConfirmed(sql, handing);
    const old = await takeOldHandovers(sql, OLD_MS, MOST);
    const isAll = await handAll(old, handing);
    await forgetConfirmed(sql, handing);
    // A broker that takes nothing is asked again later.
    if (!isAll || old.length < MOST) return;
  }
}

/** Forgets what was confirmed; ticks do so too, while there are any. */
export async function forgetConfirmed(sql: Sql, handing: HandingOver): Promise<void> {
  const confirmed = handing.confirmed();
  try {
    await forgetHandovers(sql, confirmed);
  } catch (error) {
    handing.keep(confirmed);
    throw error;
  }
}

/** Sends the tasks whose predecessor has ended. */
export async function sendWaiting(sql: Sql, handing: HandingOver): Promise<void> {
  for (;;) {
    const released = await releaseWaiting(sql, MOST);
    if (released === undefined) return;
    if (!(await handAll([released], handing)) || released.tasks.length < MOST) return;
  }
}

async function handAll(handovers: readonly Handover[], handing: HandingOver): Promise<boolean> {
  const sent = handovers.map(({ handoverId, tasks }) =>
    handing.handOver(
      handoverId,
      tasks.map((task) => taskMessage(task)),
    ),
  );
  return (await Promise.all(sent)).every((isConfirmed) => isConfirmed);
}
