import { recordAction } from '@esteira/dead-letters';
import { ordersPipeline } from '@esteira/orders/domain';
import { addArchiving, listArchivings, withdrawArchiving, type Archiving } from '@esteira/reconciliation';
import { present } from '@esteira/pipeline';
import type { Settings } from '@esteira/settings';
import type { Connections } from '../connections.ts';
import { Refused } from '../refused.ts';

/** What the command line says of archived rows. */
export interface ArchiveOptions {
  readonly archivedBefore?: string;
  readonly archivedUpTo?: string;
  readonly withdraw?: string;
  readonly system?: string;
  readonly why?: string;
}

/**
 * Writes down that rows were archived at their source, or takes it back; nothing where neither is asked for.
 *
 * @throws Refused where it does not say of which system, or why.
 */
export async function archive(
  { endput }: Pick<Connections, 'endput'>,
  { systems }: Pick<Settings, 'systems'>,
  { archivedBefore: beforeDay, archivedUpTo: upToId, withdraw, system, why }: ArchiveOptions,
  by: string,
): Promise<void> {
  if (withdraw !== undefined) return takeBack(endput, withdraw, by, why);
  if (beforeDay === undefined && upToId === undefined) return;
  const names = systems.map(({ name }) => name);
  if (system === undefined || !names.includes(system))
    throw new Refused(`SYSTEM: of which system were rows archived? The systems are ${names.join(', ')}.`);
  if (why === undefined || why.trim() === '') throw new Refused('WHY: say why they are not in the source any more.');
  const rows = { system, ...present({ beforeDay, upToId }) };
  const { id } = await addArchiving(endput, ordersPipeline.name, { ...rows, by, why });
  await recordAction(endput, {
    ...{ pipeline: ordersPipeline.name, by, action: 'archived', why },
    details: { archiving: id, system, before_day: beforeDay ?? null, up_to_id: upToId ?? null },
  });
}

async function takeBack(endput: Connections['endput'], id: string, by: string, why?: string): Promise<void> {
  const withdrawn = await withdrawArchiving(endput, ordersPipeline.name, id, by);
  if (withdrawn === undefined) throw new Refused(`There is no archiving ${id} that counts.`);
  const details = { archiving: id, system: withdrawn.system };
  await recordAction(endput, {
    pipeline: ordersPipeline.name,
    by,
    action: 'archived-withdrawn',
    why: why ?? null,
    details,
  });
}

/** A line for each statement that counts. */
export async function archivingLines({ endput }: Pick<Connections, 'endput'>): Promise<string[]> {
  const all = await listArchivings(endput, ordersPipeline.name);
  return all.filter(({ withdrawnAt }) => withdrawnAt === null).map(archivingLine);
}

/** `archiving 3: system-1, made before 2026-01-01; by ana: older than a year`. Pure. */
export function archivingLine({ id, system, beforeDay, upToId, by, why }: Archiving): string {
  const which = [beforeDay !== null && `made before ${beforeDay}`, upToId !== null && `with id ${upToId} or lower`];
  return `archiving ${id}: ${[system, ...which.filter((part) => part !== false)].join(', ')}; by ${by}: ${why}`;
}
