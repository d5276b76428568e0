import { Command, Option } from 'commander';
import type { Env } from '@esteira/config';
import { chooseRuntime, resolveSettings } from '@esteira/infra';
import { addressTable } from '../addresses.ts';
import { Refused } from '../refused.ts';
import { print, printProgress } from '../terminal.ts';
import { followLogs } from './logs.ts';

interface StartOptions {
  readonly part?: string;
  readonly system?: string;
  readonly logs?: boolean;
}

/** `make start`, and the parts of it that run alone. */
export const startCommand = (env: Env): Command =>
  new Command('start')
    .description('starts the servers and apps, and waits until they are ready')
    .addOption(new Option('--part <name>', 'one part alone: queue, servers, or the name of a system'))
    .addOption(new Option('--system <n>', 'the n-th system alone').conflicts('part'))
    .addOption(new Option('--logs', 'follows the logs afterwards; Ctrl-C leaves everything running'))
    .action(async (options: StartOptions) => {
      const profile = options.part ?? systemNamed(env, options.system) ?? 'all';
      const runtime = await chooseRuntime(env);
      const settings = await runtime.start(env, { profile, report: printProgress });
      print(addressTable(settings, await runtime.status()));
      if (options.logs === true) await followLogs(runtime, { raw: false });
      else print('`make status` shows what runs, `make demo` sends orders through it, `make stop` stops it.');
    });

function systemNamed(env: Env, number: string | undefined): string | undefined {
  if (number === undefined) return undefined;
  const { systems } = resolveSettings(env);
  const system = systems[Number(number) - 1];
  if (system === undefined) throw new Refused(`There is no system ${number}: SYSTEMS names ${systems.length}.`);
  return system.name;
}
