import { Command, Option } from 'commander';
import type { Env } from '@esteira/config';
import { deadLetterMigrations, groupDeadLetters } from '@esteira/dead-letters';
import { resolveSettings } from '@esteira/infra';
import { ordersPipeline } from '@esteira/orders/domain';
import { migrate } from '@esteira/postgres';
import { withConnections } from '../connections.ts';
import { groupTable } from '../groups.ts';
import { parseFilter } from '../redrive/filter.ts';
import { knownSystem } from '../redrive/known-system.ts';
import { formatted } from '../table.ts';
import { print } from '../terminal.ts';

/** `make dlq`: open dead letters by reason and error. */
export const dlqCommand = (env: Env): Command =>
  new Command('dlq')
    .description('shows the open dead letters by reason and error')
    .addOption(new Option('--filter <words>', 'only those of which all this is true (FILTER=)').env('FILTER'))
    .action(async ({ filter: words = '' }: { filter?: string }) => {
      const filter = parseFilter(words);
      const settings = resolveSettings(env);
      await migrate(settings.ENDPUT_DATABASE_URL, deadLetterMigrations);
      await withConnections(settings, async ({ endput }) => {
        await knownSystem(endput, filter, settings.systems);
        const { groups, from, to } = await groupDeadLetters(endput, ordersPipeline.name, { ...filter, state: 'dead' });
        if (from === null || to === null) {
          print(words === '' ? 'There are no open dead letters.' : 'No open dead letter matches FILTER.');
          return;
        }
        const count = groups.reduce((sum, group) => sum + group.count, 0);
        print(groupTable(groups));
        print(`${formatted(count)} open dead letters, from ${from} to ${to}.`);
        print("`make redrive FILTER='reason=…'` sends them again.");
      });
    });
