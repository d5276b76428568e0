import type { Chance } from '../chance.ts';

/** How the rows of a part come into their source. Times are milliseconds. */
export type Way =
  /** By the API, as a file with an idempotency key: asked again until it answers. */
  | { readonly kind: 'import' }
  /** In one short transaction. */
  | { readonly kind: 'insert' }
  /** In a transaction that stays open while later ones commit. */
  | { readonly kind: 'late'; readonly holdMs: number }
  /** Prepared, and committed or rolled back later, maybe after the server was killed. */
  | { readonly kind: 'prepared'; readonly holdMs: number; readonly commits: boolean }
  /** Never committed. */
  | { readonly kind: 'rolled-back'; readonly holdMs: number };

/** Rows that come together. */
export interface Part {
  /** Unique in a drill; stands in the product of each row. */
  readonly tag: string;
  readonly system: string;
  readonly rows: number;
  readonly way: Way;
}

/** What is to be brought in. */
export interface LoadPlan {
  /** Rows of the parts that commit, at least. */
  readonly orders: number;
  readonly parts: number;
  readonly systems: readonly [string, ...string[]];
}

/** The parts of a load, dealt out to the systems in turn. Pure. */
export function planLoad({ orders, parts, systems }: LoadPlan, chance: Chance): Part[] {
  const rows = Math.max(1, Math.ceil(orders / parts));
  const planned: Part[] = [];
  for (let left = orders, n = 0; left > 0; n += 1) {
    const way = wayOf(chance);
    const system = systems[n % systems.length] ?? systems[0];
    planned.push({ tag: `${way.kind}-${n}`, system, rows: Math.min(rows, left), way });
    if (commits(way)) left -= rows;
  }
  return planned;
}

/** Whether the rows of a part are there in the end. */
export function commits(way: Way): boolean {
  return way.kind === 'prepared' ? way.commits : way.kind !== 'rolled-back';
}

function wayOf(chance: Chance): Way {
  const holdMs = chance.between(200, 2_000);
  const dice = chance.between(1, 100);
  if (dice <= 35) return { kind: 'import' };
  if (dice <= 70) return { kind: 'insert' };
  if (dice <= 84) return { kind: 'late', holdMs };
  if (dice <= 93) return { kind: 'prepared', holdMs, commits: chance.percent(70) };
  return { kind: 'rolled-back', holdMs };
}
