import { settingsPart, type Given, type SettingsPart } from '@esteira/config';
import { ordersPipeline } from '@esteira/orders/domain';
import { tasksPipeline } from '@esteira/tasks/messages';
import { Type } from 'typebox';

/** The pipelines there are. */
const KNOWN = [ordersPipeline.name, tasksPipeline.name];
const DEFAULT = ordersPipeline.name;

/** Which pipelines run. */
export const pipelinesSettings = settingsPart({
  properties: {
    PIPELINES: Type.String({
      default: DEFAULT,
      description: `Which pipelines run, comma-separated; there are: ${KNOWN.join(', ')}. The apps of the others are not started, nor what they alone need.`,
    }),
  },
  problems(given) {
    const names = namesIn(given);
    const unknown = names.flatMap((name, i) => (KNOWN.includes(name) ? [] : [String(i + 1)]));
    return [
      ...unknown.map((n) => `PIPELINES has no name of a pipeline as number ${n}; there are: ${KNOWN.join(', ')}`),
      ...(new Set(names).size < names.length ? ['PIPELINES names a pipeline twice'] : []),
    ];
  },
  derived: (_, given): { pipelines: readonly string[] } => ({ pipelines: Object.freeze(namesIn(given)) }),
});

/** The settings of a pipeline. Where it does not run nothing reads them, and they may be as they are. */
export const whereItRuns = <Part extends SettingsPart>(pipeline: string, part: Part): Part => ({
  ...part,
  isUsed: (given: Given) => namesIn(given).includes(pipeline),
});

const namesIn = ({ PIPELINES = DEFAULT }: Given): string[] => PIPELINES.split(',').map((name) => name.trim());
