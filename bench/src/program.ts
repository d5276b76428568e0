import { Command, InvalidArgumentError, Option } from 'commander';
import type { Env } from '@esteira/config';
import { inArena } from './arena.ts';
import { measureInterleaved } from './bench.ts';
import { catalogue } from './catalogue.ts';
import { figuresLine, ratioLines } from './figures.ts';
import { makeProfile } from './profile.ts';

interface Given {
  readonly orders: number;
  readonly rounds: number;
  readonly only: string;
}

/** `make bench`, `make bench-smoke`, `make profile`. */
export function benchProgram(env: Env): Command {
  const program = new Command('bench').description('measures Esteira beside the best, on servers of its own');
  program
    .command('run', { isDefault: true })
    .addOption(ordersOption())
    .addOption(new Option('--rounds <n>').env('ROUNDS').argParser(count).default(3))
    .addOption(new Option('--only <names>', 'benches, comma-separated').env('ONLY').default(''))
    .action((given: Given) => run(given, env));
  program
    .command('profile')
    .addOption(ordersOption())
    .action(({ orders }: Pick<Given, 'orders'>) => inArena(env, say, (arena) => makeProfile(arena, orders)));
  return program;
}

const ordersOption = () => new Option('--orders <n>').env('ORDERS').argParser(count).default(100_000);

function count(text: string): number {
  if (!/^[1-9][0-9]{0,7}$/.test(text)) throw new InvalidArgumentError('It is a whole number above 0.');
  return Number(text);
}

async function run({ orders, rounds, only }: Given, env: Env): Promise<void> {
  const wanted = only.split(',').filter((name) => name !== '');
  const all = catalogue({ orders, rounds });
  const unknown = wanted.filter((name) => !all.some(({ bench }) => bench === name));
  if (unknown.length > 0) throw new Error(`There is no bench ${unknown.join(', ')}. Benches: ${names(all)}.`);
  const chosen = all.filter(({ bench }) => wanted.length === 0 || wanted.includes(bench));
  const measured = await inArena(env, say, (arena) =>
    measureInterleaved(arena, chosen, rounds, (one) => {
      say(`  ${figuresLine(one)}`);
    }),
  );
  for (const line of ratioLines(measured)) process.stdout.write(`${line}\n`);
}

const names = (all: readonly { bench: string }[]) => [...new Set(all.map(({ bench }) => bench))].join(', ');

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
