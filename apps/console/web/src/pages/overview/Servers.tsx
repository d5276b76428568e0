import { Group, Stack, Text } from '@mantine/core';
import type { Overview } from '../../api/answers.ts';
import { Panel } from '../../feedback/Panel.tsx';
import { State, type Tone } from '../../feedback/State.tsx';
import { When } from '../../format/When.tsx';

type Server = Overview['servers'][number];

const TONES = { up: 'good', down: 'bad', unknown: 'calm' } as const satisfies Record<Server['state'], Tone>;

/** What is up and what is down, since when; what is down stands first. */
export function Servers({ servers }: { readonly servers: readonly Server[] }) {
  const sorted = servers.toSorted((a, b) => Number(a.state === 'up') - Number(b.state === 'up'));
  return (
    <Panel title="Servers and apps">
      <Stack gap={6}>
        {sorted.map(({ name, state, since, error }) => (
          <div key={name} data-server={name}>
            <Group justify="space-between" gap="xs" wrap="nowrap">
              <Text size="sm" truncate title={name}>
                {name}
              </Text>
              <State tone={TONES[state]}>{state}</State>
            </Group>
            {since !== null && (
              <Text size="xs" c="dimmed">
                seen since <When at={since} />
              </Text>
            )}
            {error !== null && (
              <Text size="xs" c="dimmed">
                {error}
              </Text>
            )}
          </div>
        ))}
      </Stack>
    </Panel>
  );
}
