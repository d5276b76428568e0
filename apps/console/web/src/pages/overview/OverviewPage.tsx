import { SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { overviewQuery } from '../../api/overview.ts';
import { Empty } from '../../feedback/Empty.tsx';
import { Loaded } from '../../feedback/Loaded.tsx';
import { Page } from '../../feedback/Page.tsx';
import { usePipeline } from '../../pipeline/current.tsx';
import { Charts } from './Charts.tsx';
import { Consumers } from './Consumers.tsx';
import { Figures } from './Figures.tsx';
import { Queues } from './Queues.tsx';
import { Servers } from './Servers.tsx';
import { SystemCard } from '../orders/systems/SystemCard.tsx';

/** Is it flowing, and if not, what stands still? */
export function OverviewPage() {
  const { name, parts } = usePipeline();
  const overview = useQuery(overviewQuery(name));
  return (
    <Page title="Overview">
      <Loaded query={overview}>
        {(data) => (
          <Stack gap="md">
            <Figures overview={data} />
            <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
              {data.systems.map((system) => (
                <SystemCard key={system.name} system={system} />
              ))}
            </SimpleGrid>
            {parts.includes('systems') && data.systems.length === 0 && (
              <Empty title="No systems">SYSTEMS in .env names them.</Empty>
            )}
            <Charts systems={data.systems.map(({ name }) => name)} />
            <SimpleGrid cols={{ base: 1, lg: 3 }} spacing="md">
              <Queues queues={data.queues} />
              <Consumers consumers={data.consumers} attempts={data.attempts} />
              <Servers servers={data.servers} />
            </SimpleGrid>
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}
