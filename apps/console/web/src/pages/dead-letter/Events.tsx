import { Stack, Text } from '@mantine/core';
import { Panel } from '../../feedback/Panel.tsx';
import { When } from '../../format/When.tsx';
import { RouterAnchor } from '../../link/links.tsx';
import type { Letter } from './query.ts';

/** What people did to it, oldest first. */
export function Events({ events }: { readonly events: Letter['history'] }) {
  if (events.length === 0) return null;
  return (
    <Panel title="What was done">
      <Stack gap="xs" component="ol" m={0} pl="md">
        {events.map(({ action, at, by, why, job, round }) => (
          <Text key={at} component="li" size="sm">
            <b>{action}</b>
            {by !== undefined && ` by ${by}`}, <When at={at} />, round {round}: {why}{' '}
            {job !== undefined && (
              <RouterAnchor
                from="/$pipeline"
                to="/$pipeline/dead-letters/jobs/$jobId"
                params={{ jobId: job }}
                size="sm"
              >
                job
              </RouterAnchor>
            )}
          </Text>
        ))}
      </Stack>
    </Panel>
  );
}
