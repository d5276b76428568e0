import { Command, Option } from 'commander';
import type { Env } from '@esteira/config';
import { chooseRuntime, type Runtime } from '@esteira/infra';
import { printProgress } from '../terminal.ts';

/** `make logs`: the logs of everything, or of one service (`SERVICE=`). */
export const logsCommand = (env: Env): Command =>
  new Command('logs')
    .description('shows the logs of everything, or of one service')
    .addOption(new Option('--service <name>', 'one service, by its name in `status`').env('SERVICE'))
    .addOption(new Option('--follow', 'goes on until it is interrupted'))
    .action(async ({ service, follow }: { service?: string; follow?: boolean }) => {
      const runtime = await chooseRuntime(env);
      if (follow === true) await logsOf(runtime, service);
      else await runtime.logs({ follow: false, ...(service === undefined ? {} : { service }) });
    });

/** Follows logs until Ctrl-C, which ends nothing but this. */
export async function logsOf(runtime: Runtime, service: string | undefined): Promise<void> {
  process.once('SIGINT', () => {
    printProgress('\nEverything is still running. `make stop` stops it.');
    process.exit(0);
  });
  await runtime.logs({ follow: true, ...(service === undefined ? {} : { service }) });
}
