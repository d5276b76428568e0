import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Env } from '@esteira/config';
import { settingsEntries } from '@esteira/settings';
import { openKeptServers, REPOSITORY, startPrivateServers, type PrivateServers } from '@esteira/infra';
import { freshSeed } from './chance.ts';
import { holds } from './checks/result.ts';
import { openDrillDisplay } from './display.ts';
import { runDrill, type DrillResult } from './drill.ts';
import { htmlReport } from './html.ts';
import { terminalReport, type Asked } from './report.ts';
import { Refused } from '@esteira/cli/refused';
import { print, printProgress } from '@esteira/cli/terminal';

interface Given extends Omit<Asked, 'seed'> {
  readonly seed?: number;
  readonly open?: string;
}

/** `make drill`: everything breaks, on servers of its own; then each guarantee is checked, row by row. */
export const drillCommand = (env: Env): Command =>
  new Command('drill')
    .description('breaks a private copy of everything under load, and proves that nothing was lost')
    .addOption(new Option('--orders <n>', 'orders, at least (ORDERS=)').env('ORDERS').argParser(count).default(20_000))
    .addOption(new Option('--kills <n>', 'kills of each process (KILLS=)').env('KILLS').argParser(count).default(3))
    .addOption(
      new Option('--outage-seconds <n>', 'how long each server is out (OUTAGE_SECONDS=)')
        .env('OUTAGE_SECONDS')
        .argParser(count)
        .default(60),
    )
    .addOption(new Option('--seed <n>', 'repeats a schedule (SEED=)').env('SEED').argParser(seedOf))
    .addOption(
      new Option('--open <name>', 'starts the servers of a drill that failed, to look at them (OPEN=)').env('OPEN'),
    )
    .action(async ({ open, ...given }: Given) => {
      const over = interrupted();
      if (open !== undefined && open !== '') await lookAt(open, env, over);
      else process.exitCode = await drill({ ...given, seed: given.seed ?? freshSeed() }, env, over);
    });

function count(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number above 0.');
  return Number(text);
}

function seedOf(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError('SEED is a whole number below 1,000,000,000.');
  return Number(text);
}

/** Ctrl-C ends the drill, and all that it started, in order. */
function interrupted(): AbortSignal {
  const over = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      printProgress('\nEnding the drill, and everything that it started.');
      over.abort(new Refused('The drill was interrupted: nothing of it is left.'));
    });
  }
  return over.signal;
}

/** Runs a drill on servers of its own. The answer is the exit code. */
async function drill(asked: Asked, env: Env, signal: AbortSignal): Promise<number> {
  printProgress(`Seed ${asked.seed}. Starting servers that belong to the drill alone.`);
  const servers = await startPrivateServers(env, printProgress);
  let passed = false;
  try {
    const result = await runOn(servers, asked, env, signal);
    print(terminalReport(result.ledger, result.checks, asked));
    const file = join(REPOSITORY, 'drill-report.html');
    writeFileSync(file, htmlReport(result.ledger, result.checks, asked));
    print(`With the time line of all faults: ${file}`);
    passed = result.checks.every(holds);
    return passed ? 0 : 1;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await conclude(servers, passed || signal.aborted);
  }
}

async function runOn(servers: PrivateServers, asked: Asked, env: Env, signal: AbortSignal): Promise<DrillResult> {
  const logDirectory = logsOf(servers);
  mkdirSync(logDirectory, { recursive: true });
  const display = openDrillDisplay(asked.orders);
  try {
    return await runDrill({
      servers,
      orders: asked.orders,
      seed: asked.seed,
      kills: asked.kills,
      outageMs: asked.outageSeconds * 1_000,
      base: baseOf(env),
      logDirectory,
      onSample: display.show,
      report: display.say,
      signal,
    });
  } finally {
    display.end();
  }
}

/** A drill that passed leaves nothing; one that failed leaves what is needed to find out why. */
async function conclude(servers: PrivateServers, remove: boolean): Promise<void> {
  printProgress('Ending the servers of the drill.');
  await servers.end(remove ? 'remove' : 'keep');
  if (remove) rmSync(logsOf(servers), { recursive: true, force: true });
  else {
    printProgress(`Its data is kept. To look at it, until Ctrl-C: make drill OPEN=${servers.name}`);
    printProgress(`What the processes said: ${logsOf(servers)}`);
  }
}

const logsOf = ({ name }: PrivateServers): string => join(REPOSITORY, '.local', `${name}.logs`);

/** What a process needs of ours. Settings of ours never get into a drill. */
function baseOf(env: Env): Record<string, string> {
  const kept = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'];
  return Object.fromEntries(kept.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/** Starts the servers of a drill that was kept, and says how to get at its data. */
async function lookAt(name: string, env: Env, over: AbortSignal): Promise<void> {
  const servers = await openKeptServers(name, env, printProgress);
  const file = join(REPOSITORY, '.local', `${name}.settings.env`);
  const lines = settingsEntries(servers.settings).map(([setting, value]) => `${setting}=${value}`);
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  for (const line of lines.filter((one) => one.includes('_URL='))) print(line);
  print(`Reconcile it: env $(cat ${file}) make reconcile`);
  print('Ctrl-C ends the servers; the data stays.');
  await new Promise<void>((resolve) => {
    over.addEventListener('abort', () => {
      resolve();
    });
    // A listener alone keeps no process alive.
    const alive = setInterval(() => undefined, 60_000);
    over.addEventListener('abort', () => {
      clearInterval(alive);
    });
  });
  await servers.end('keep');
}
