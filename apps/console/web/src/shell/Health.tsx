import { Alert, Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { downIn, overviewQuery, streamQuery } from '../api/overview.ts';
import { When } from '../format/When.tsx';
import { RouterAnchor } from '../link/links.tsx';

/** Above every page: what is down, and since when. Nothing while all is well. */
export function Health() {
  const { data: stream } = useQuery(streamQuery);
  const { data: overview } = useQuery(overviewQuery);
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
      <Text size="sm">
        {down.map(({ name, since }, index) => (
          <span key={name}>
            {index > 0 && ', '}
            <b>{name}</b> is down
            {since !== null && (
              <>
                {' '}
                since <When at={since} />
              </>
            )}
          </span>
        ))}
        . Everything else works on.{' '}
        <RouterAnchor to="/" size="sm">
          Overview
        </RouterAnchor>
      </Text>
    </Alert>
  );
}
