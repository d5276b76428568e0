import type { Happening, Imported } from '../ledger.ts';
import type { SupervisedProcess } from '../processes.ts';
import { resultOf, type CheckResult } from './result.ts';

/** Nothing is left on the way. Pure. `stuck` says why settling was given up. */
export function nothingLeft(
  queues: ReadonlyMap<string, number>,
  behind: ReadonlyMap<string, number>,
  stuck: string | undefined,
): CheckResult {
  const problems = [
    ...(stuck === undefined ? [] : [stuck]),
    ...[...queues].filter(([, n]) => n > 0).map(([queue, n]) => `${queue} holds ${n} messages`),
    ...[...behind].filter(([, n]) => n > 0).map(([system, n]) => `${system}: ${n} rows lie after the cursor`),
  ];
  return resultOf(
    {
      guarantee: 'Everything comes to an end: queues are empty, cursors stand behind the last row',
      how: 'the broker was asked for the depth of each queue, each source for rows after its cursor in Redis',
    },
    queues.size + behind.size,
    problems,
  );
}

/** An import is done once, however often its API was killed. Pure. `found` counts rows and distinct rows by tag. */
export function importedOnce(
  imports: readonly Imported[],
  found: ReadonlyMap<string, { rows: number; distinct: number }>,
): CheckResult {
  const problems = imports.flatMap(({ system, tag, rows }) => {
    const there = found.get(`${system} ${tag}`) ?? { rows: 0, distinct: 0 };
    return there.rows === rows && there.distinct === rows
      ? []
      : [`${system}: of the ${rows} rows of ${tag} there are ${there.rows}, ${there.distinct} distinct`];
  });
  return resultOf(
    {
      guarantee: 'An import that was answered is in its source once, row by row',
      how: 'the rows of each file were counted in the source, and so were the distinct ones',
    },
    imports.reduce((sum, { rows }) => sum + rows, 0),
    problems,
  );
}

/** Processes only end when they are killed. Pure. */
export function processesLived(
  processes: readonly Pick<SupervisedProcess, 'name' | 'endings'>[],
  oddities: readonly string[],
): CheckResult {
  const problems = processes.flatMap(({ name, endings }) =>
    endings
      .filter(({ wasReady }) => wasReady)
      .map(({ exitCode }) => `${name} ended by itself after it had been ready, with exit code ${exitCode ?? 'none'}`),
  );
  return resultOf(
    {
      guarantee: 'No process ends by itself, no run ends in an error: faults are waited out',
      how: 'the supervisor of the drill noted every end that no kill explains; the cursor was asked for errors all the time',
    },
    processes.length,
    [...problems, ...oddities],
  );
}

/** The drill did what it says: each process was hit so often, each time in the middle of work. Pure. */
export function faultsHit(processes: readonly string[], kills: number, happenings: readonly Happening[]): CheckResult {
  const hits = happenings.filter(({ fault }) => fault.kind === 'kill' || fault.kind === 'freeze');
  const problems = processes.flatMap((process) =>
    (['kill', 'freeze'] as const).flatMap((kind) => {
      const worked = hits.filter(
        ({ fault, unsettled = 0 }) =>
          fault.kind === kind && 'process' in fault && fault.process === process && unsettled > 0,
      );
      return worked.length >= kills
        ? []
        : [`${process}: ${kind} ${worked.length} of ${kills} times in the middle of work`];
    }),
  );
  return resultOf(
    {
      guarantee: `Each process was killed and stopped ${kills} times in the middle of work`,
      how: 'deliveries without an ack and publishes without a confirm were counted from the AMQP frames at the moment of each signal',
    },
    hits.length,
    problems,
  );
}
