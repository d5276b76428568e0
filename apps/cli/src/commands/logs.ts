import { Command, Option } from 'commander';
import type { Env } from '@esteira/config';
import { chooseRuntime, type LogOptions, type Runtime } from '@esteira/infra';
import { isOn, printProgress } from '../terminal.ts';

interface LogsOptions {
  readonly service?: string;
  readonly follow?: boolean;
  readonly raw?: boolean;
}

/** `make logs`: the logs of everything, or of one service (`SERVICE=`); readable, or as they were written (`RAW=1`). */
export const logsCommand = (env: Env): Command =>
  new Command('logs')
    .description('shows the logs of everything, or of one service')
    .addOption(new Option('--service <name>', 'one service, by its name in `status`').env('SERVICE'))
    .addOption(new Option('--follow', 'goes on until it is interrupted'))
    .addOption(new Option('--raw', 'shows the lines of the apps as they were written: as JSON'))
    .action(async ({ service, follow = false, raw = isOn(env['RAW']) }: LogsOptions) => {
      const runtime = await chooseRuntime(env);
      const options = { raw, ...(service === undefined ? {} : { service }) };
      if (follow) await followLogs(runtime, options);
      else await runtime.logs({ follow, ...options });
    });

/** Follows logs until Ctrl-C, which ends nothing but this. */
export async function followLogs(runtime: Runtime, options: Omit<LogOptions, 'follow'>): Promise<void> {
  process.once('SIGINT', () => {
    printProgress('\nEverything is still running. `make stop` stops it.');
    process.exit(0);
  });
  await runtime.logs({ follow: true, ...options });
}
