import { Command, Option } from 'commander';
import type { Env } from '@esteira/config';
import { chooseRuntime } from '@esteira/infra';
import { confirm, isOn, print, printProgress } from '../terminal.ts';

/** `make prune`: as if it had never been started. */
export const pruneCommand = (env: Env): Command =>
  new Command('prune')
    .description('removes what starting created, the data included, and nothing else')
    .addOption(new Option('--yes', 'does not ask (YES=1)'))
    .action(async ({ yes }: { yes?: boolean }) => {
      const runtime = await chooseRuntime(env);
      const question = 'This stops everything and removes all data of Esteira on this machine, and .env. Go on?';
      await confirm(question, yes ?? isOn(env['YES']));
      await runtime.prune({ report: printProgress });
      print('Removed. `make start` begins anew.');
    });
