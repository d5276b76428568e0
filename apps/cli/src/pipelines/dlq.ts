import type { DeadLetterFilter, DeadLetterGroup } from '@esteira/dead-letters';
import { groupText } from '../groups.ts';
import { print } from '../terminal.ts';
import type { ConsolePipeline } from './asked-pipeline.ts';
import { camel } from './console-api.ts';
import { filterInQuery } from './asked-filter.ts';

/** What the console says of dead letters by reason and error. */
interface Groups {
  readonly from: string | null;
  readonly to: string | null;
  readonly groups: readonly DeadLetterGroup[];
}

/** `make dlq PIPELINE=…`: its open dead letters by reason and error. */
export async function showGroups(pipeline: ConsolePipeline, filter: DeadLetterFilter): Promise<void> {
  const { api, path, name, origin } = pipeline;
  const asked = { ...filterInQuery(filter), state: 'dead' };
  const groups = camel(await api.get(path('dead-letters/groups'), asked)) as Groups;
  const isFiltered = Object.keys(filter).length > 0;
  print(groupText(groups, { isFiltered, origin, redrive: `make redrive PIPELINE=${name}` }));
}
