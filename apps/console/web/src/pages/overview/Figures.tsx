import { SimpleGrid } from '@mantine/core';
import type { Overview } from '../../api/answers.ts';
import { count, counted, perSecond } from '../../format/number.ts';
import { duration } from '../../format/time.ts';
import { Figure } from './Figure.tsx';
import { usePipeline } from '../../pipeline/current.tsx';

const UNKNOWN = '–';
const known = (value: number | null, format: (value: number) => string) => (value === null ? UNKNOWN : format(value));

/** The handful of numbers that tell whether it flows. */
export function Figures({ overview }: { readonly overview: Overview }) {
  const { parts, words } = usePipeline();
  const { queues, dead_letters: dead, attempts, row_to_rest: rest, systems } = overview;
  const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
  const rates = attempts.per_second;
  const ready = sum(queues.lanes.map((lane) => lane.ready));
  const held = sum(queues.lanes.map((lane) => lane.unacked));
  const behind = sum(systems.map((system) => system.behind?.rows ?? 0));
  const isWhole = systems.every((system) => system.behind !== null && !system.behind.more);
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm">
      {parts.includes('systems') && (
        <Figure
          label="Rows behind"
          value={`${isWhole ? '' : '≥ '}${count(behind)}`}
          note="not yet published"
          problem={systems.map(({ error, source_error: why }) => error ?? why).find((one) => one !== null) ?? null}
        />
      )}
      <Figure
        label="Ready"
        value={count(ready)}
        note={`${counted(held, 'message')} with consumers`}
        problem={queues.error}
      />
      <Figure
        label="Waiting for a retry"
        value={count(sum(queues.waiting.map(({ messages }) => messages)))}
        note="messages"
        problem={queues.error}
      />
      <Figure
        label="Stored"
        value={perSecond(rates.succeeded)}
        note={`${perSecond(rates.retry)} to retry, ${perSecond(rates['dead-letter'])} dead`}
      />
      <Figure
        label="Row to rest, p50"
        value={known(rest.p50_ms, duration)}
        note={`p99 ${known(rest.p99_ms, duration)} of ${counted(rest.messages, words.message)}`}
        problem={rest.error}
      />
      <Figure
        label="Dead letters"
        value={known(dead.open, count)}
        note="open: see what failed"
        problem={dead.error}
        to="/$pipeline/dead-letters"
      />
    </SimpleGrid>
  );
}
