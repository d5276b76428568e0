import { ordersPipeline } from '@esteira/orders/domain';
import { reconcileOrders } from '@esteira/orders/reconciliation';
import { migrate } from '@esteira/postgres';
import { reconciliationMigrations, type UnrestedRow } from '@esteira/reconciliation';
import type { Connections } from '@esteira/cli/connections';
import type { Arena } from '../arena.ts';
import type { Hand } from '../hand.ts';
import type { Ledger } from '../ledger.ts';
import { attemptsLogged, deathsDeserved, successesStored } from './attempts.ts';
import { importedOnce, nothingLeft, processesLived } from './ends.ts';
import { readFacts } from './facts.ts';
import { mirrorEqual, poisonBuried } from './letters.ts';
import { importsFound, mirroredIds, queuesLeft, rowsLeft, tracesOfRolledBack } from './read.ts';
import type { CheckResult } from './result.ts';
import { contentEqual, nothingUncommitted, rowsAtRest } from './rows.ts';

/** What the checks read. Nothing may move meanwhile. */
export interface CheckOptions {
  readonly arena: Arena;
  readonly connections: Connections;
  readonly hand: Hand;
  readonly ledger: Ledger;
  /** Why settling was given up, if it was. */
  readonly stuck: string | undefined;
}

/** Reads all stores row by row, and checks each guarantee. */
export async function checkAll({ arena, connections, hand, ledger, stuck }: CheckOptions): Promise<CheckResult[]> {
  const { MAX_ATTEMPTS: maxAttempts, ENDPUT_DATABASE_URL } = arena.settings;
  await migrate(ENDPUT_DATABASE_URL, reconciliationMigrations);
  const unrested: UnrestedRow[] = [];
  const reconciliation = await reconcileOrders(connections, { onRow: (row) => unrested.push(row) });
  const reconciled = { reconciliation, unrested };
  const facts = await readFacts(connections.endput, connections.attemptLog, ordersPipeline.name, maxAttempts);
  const queues = await queuesLeft(arena, connections, hand);
  return [
    rowsAtRest(reconciled, facts),
    contentEqual(reconciled),
    nothingUncommitted(reconciled, ledger.rolledBack, await tracesOfRolledBack(connections)),
    importedOnce(ledger.imports, await importsFound(connections)),
    attemptsLogged(facts),
    successesStored(facts),
    deathsDeserved(facts),
    poisonBuried(facts, ledger.poison),
    mirrorEqual(facts, await mirroredIds(hand)),
    nothingLeft(queues, await rowsLeft(connections), stuck),
    processesLived(arena.processes, ledger.oddities),
  ];
}
