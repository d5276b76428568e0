import { settingsPart, type Given } from '@esteira/config';
import { ordersPipeline } from '@esteira/orders/domain';
import { Type } from 'typebox';

/** The pipelines there are. */
const KNOWN = [ordersPipeline.name];
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

const namesIn = ({ PIPELINES = DEFAULT }: Given): string[] => PIPELINES.split(',').map((name) => name.trim());
