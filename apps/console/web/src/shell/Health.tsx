import { Alert, Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { downIn, overviewQuery, streamQuery } from '../api/overview.ts';
import { When } from '../format/When.tsx';
import { RouterAnchor } from '../link/links.tsx';
import { useCurrentPipeline } from '../pipeline/current.tsx';
import { OUTAGE_MEANS } from './outage.ts';

/** Above every page: what is down, since when, and what that means. Nothing while all is well. */
export function Health() {
  const { data: stream } = useQuery(streamQuery);
  const { data: overview } = useQuery(overviewQuery(useCurrentPipeline()?.name));
  const cutSince = stream?.cutSince ?? null;
  const down = downIn(overview);
  if (cutSince !== null) {
    return (
      <Alert role="alert" color="orange" variant="outline" p="xs" mb="md" data-health="cut">
        <Text size="sm">
          The console has not answered since <When at={cutSince} />: what you see is of before. This page goes on by
          itself when it is back.{' '}
          <Anchor href="/health/ready" size="sm">
            Is it ready?
          </Anchor>
        </Text>
      </Alert>
    );
  }
  if (down.length === 0) return null;
  return (
    <Alert role="alert" color="red" variant="outline" p="xs" mb="md" data-health="down">
      {down.map(({ name, role, since }) => (
        <Text size="sm" key={name} data-outage={name}>
          <b>{name}</b> is down
          {since !== null && (
            <>
              {' '}
              since <When at={since} />
            </>
          )}
          : {OUTAGE_MEANS[role]}
        </Text>
      ))}
      <RouterAnchor to="/" size="sm">
        Overview
      </RouterAnchor>
    </Alert>
  );
}
