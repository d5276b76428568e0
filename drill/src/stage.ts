import type { Connections } from '@esteira/cli/connections';
import type { Arena } from './arena.ts';
import type { Chance } from './chance.ts';
import type { Hand } from './hand.ts';
import type { Ledger } from './ledger.ts';

/** Everything that a phase of a drill works with. */
export interface Stage {
  readonly arena: Arena;
  readonly connections: Connections;
  readonly hand: Hand;
  readonly ledger: Ledger;
  readonly chance: Chance;
  readonly signal: AbortSignal;
}
