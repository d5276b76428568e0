import Table from 'cli-table3';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Env } from '@esteira/config';
import { inArena } from './arena.ts';
import { measureInterleaved, type Size } from './bench.ts';
import { catalogue } from './catalogue.ts';
import { writeConsoleDocument } from './console/document.ts';
import { consoleRequirements } from './console/requirements.ts';
import { writeDocument } from './document.ts';
import { figuresLine, ratioLines } from './figures.ts';
import { describeMachine } from './machine.ts';
import type { Measured } from './measured.ts';
import { makeProfile } from './profile.ts';
import { requirements } from './requirements.ts';
import { keepResults, latestResults, type Results } from './results.ts';
import { smoke } from './smoke.ts';

interface Given extends Size {
  readonly only: string;
}

/** `make bench`, `make bench-smoke`, `make profile`. */
export function benchProgram(env: Env): Command {
  const program = new Command('bench').description('measures Esteira beside the best, on servers of its own');
  program
    .command('run', { isDefault: true })
    .addOption(ordersOption())
    .addOption(new Option('--rounds <n>').env('ROUNDS').argParser(count).default(FULL.rounds))
    .addOption(new Option('--only <names>', 'benches, comma-separated').env('ONLY').default(''))
    .action((given: Given) => run(given, env));
  program
    .command('profile')
    .addOption(ordersOption())
    .action(({ orders }: Size) => inArena(env, say, (arena) => makeProfile(arena, orders)));
  program.command('smoke').action(async () => {
    const failures = await inArena(env, say, smoke);
    for (const failure of failures) say(failure);
    process.exitCode = failures.length === 0 ? 0 : 1;
  });
  program.command('document').action(async () => {
    const results = latestResults();
    if (results !== undefined) say(await writeDocument(results));
  });
  return program;
}

/** What is written down is measured at this size. */
const FULL: Size = { orders: 100_000, rounds: 3 };

const ordersOption = () => new Option('--orders <n>').env('ORDERS').argParser(count).default(FULL.orders);

function count(text: string): number {
  if (!/^[1-9][0-9]{0,7}$/.test(text)) throw new InvalidArgumentError('It is a whole number above 0.');
  return Number(text);
}

async function run({ only, ...size }: Given, env: Env): Promise<void> {
  const wanted = only.split(',').filter((name) => name !== '');
  const all = catalogue(size);
  const unknown = wanted.filter((name) => !all.some(({ bench }) => bench === name));
  if (unknown.length > 0) throw new Error(`There is no bench ${unknown.join(', ')}. Benches: ${names(all)}.`);
  const chosen = all.filter(({ bench, isApart = false }) => (wanted.length === 0 ? !isApart : wanted.includes(bench)));
  const startedAt = new Date();
  const results = await inArena(env, say, async (arena): Promise<Results> => {
    const machine = await describeMachine(arena.servers.settings);
    const measured = await measureInterleaved(arena, chosen, size.rounds, (one) => {
      say(`  ${figuresLine(one)}`);
    });
    const minutes = (Date.now() - startedAt.getTime()) / 60_000;
    return { startedAt: startedAt.toISOString(), minutes, size, machine, measured };
  });
  print(results.measured);
  if (wanted.length === 0 && size.orders >= FULL.orders && size.rounds >= FULL.rounds) {
    say(`${keepResults(results)}\n${await writeDocument(results)}`);
  }
  if (wanted.join() === 'console' && size.orders >= FULL.orders) say(writeConsoleDocument(results));
}

function print(measured: readonly Measured[]): void {
  for (const line of ratioLines(measured)) process.stdout.write(`${line}\n`);
  const table = new Table({ head: ['bench', 'must reach', 'reached', ''], style: { head: [], border: [] } });
  for (const { bench, must, reached, met } of [...requirements(measured), ...consoleRequirements(measured)]) {
    table.push([bench, must, reached, met === undefined ? '' : met ? 'met' : 'NOT MET']);
  }
  process.stdout.write(`${table.toString()}\n`);
}

const names = (all: readonly { bench: string }[]) => [...new Set(all.map(({ bench }) => bench))].join(', ');

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
