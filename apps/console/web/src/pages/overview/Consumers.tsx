import { Group, Stack, Text } from '@mantine/core';
import type { Overview } from '../../api/answers.ts';
import { Empty } from '../../feedback/Empty.tsx';
import { Panel } from '../../feedback/Panel.tsx';
import { State, type Tone } from '../../feedback/State.tsx';
import { perSecond } from '../../format/number.ts';
import { When } from '../../format/When.tsx';
import { latelyText } from './lately-text.ts';

type Consumer = Overview['consumers'][number];

const TONES = {
  working: 'good',
  idle: 'calm',
  waiting: 'warning',
  'not-ready': 'warning',
  down: 'bad',
} as const satisfies Record<Consumer['state'], Tone>;

/** What each consumer is doing. */
export function Consumers({ consumers, attempts }: Pick<Overview, 'consumers' | 'attempts'>) {
  const lately = latelyText(attempts);
  return (
    <Panel title="Consumers">
      {consumers.length === 0 && <Empty title="No consumers">CONSUMERS in .env says how many there are.</Empty>}
      {lately !== undefined && (
        <Text size="xs" c="dimmed" mb="sm">
          {lately}
        </Text>
      )}
      <Stack gap="sm">
        {consumers.map((consumer) => (
          <div key={consumer.name}>
            <Group justify="space-between" gap="xs">
              <Text size="sm">{consumer.name}</Text>
              <State tone={TONES[consumer.state]}>{consumer.state}</State>
            </Group>
            <Text size="xs" c="dimmed">
              {doingOf(consumer)}
              {consumer.since !== null && (
                <>
                  {consumer.state === 'down' ? ' · seen down since ' : ' · seen up since '}
                  <When at={consumer.since} />
                </>
              )}
            </Text>
          </div>
        ))}
      </Stack>
    </Panel>
  );
}

function doingOf({ why, per_second }: Consumer): string {
  if (why !== null) return why;
  const { succeeded, retry, 'dead-letter': dead, skip, return: returned } = per_second;
  const parts = [
    [succeeded, 'stored'],
    [retry, 'to retry'],
    [dead, 'dead'],
    [skip, 'at rest already'],
    [returned, 'given back'],
  ] as const;
  const moving = parts.filter(([rate]) => rate > 0).map(([rate, what]) => `${perSecond(rate)} ${what}`);
  return moving.length === 0 ? 'nothing to do' : moving.join(', ');
}
