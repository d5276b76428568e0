import { Command, Option } from 'commander';
import type { Env } from '@esteira/config';
import { deadLetterMigrations, groupDeadLetters } from '@esteira/dead-letters';
import { resolveSettings } from '@esteira/infra';
import { ordersPipeline } from '@esteira/orders/domain';
import { migrate } from '@esteira/postgres';
import { withConnections } from '../connections.ts';
import { groupText } from '../groups.ts';
import { askedPipeline, pipelineOption } from '../pipelines/asked-pipeline.ts';
import { showGroups } from '../pipelines/dlq.ts';
import { parseFilter } from '../redrive/filter.ts';
import { knownSystem } from '../redrive/known-system.ts';
import { print } from '../terminal.ts';

/** `make dlq`: open dead letters by reason and error. */
export const dlqCommand = (env: Env): Command =>
  new Command('dlq')
    .description('shows the open dead letters by reason and error')
    .addOption(new Option('--filter <words>', 'only those of which all this is true (FILTER=)').env('FILTER'))
    .addOption(pipelineOption())
    .action(async ({ filter: words = '', pipeline }: { filter?: string; pipeline: string }) => {
      const filter = parseFilter(words);
      const settings = resolveSettings(env);
      const other = await askedPipeline(settings, pipeline);
      if (other !== undefined) return showGroups(other, filter);
      await migrate(settings.ENDPUT_DATABASE_URL, deadLetterMigrations);
      await withConnections(settings, async ({ endput }) => {
        await knownSystem(endput, filter, settings.systems);
        const groups = await groupDeadLetters(endput, ordersPipeline.name, { ...filter, state: 'dead' });
        print(groupText(groups, { isFiltered: words !== '', origin: 'system', redrive: 'make redrive' }));
      });
    });
