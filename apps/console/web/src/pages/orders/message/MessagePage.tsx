import { Grid } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { CopyId } from '../../../feedback/CopyId.tsx';
import { Loaded } from '../../../feedback/Loaded.tsx';
import { Page } from '../../../feedback/Page.tsx';
import { Panel } from '../../../feedback/Panel.tsx';
import { RouterButton } from '../../../link/links.tsx';
import { Compared } from './Compared.tsx';
import { Lifeline } from './Lifeline.tsx';
import { messageQuery } from './query.ts';
import { timelineOf, type Life } from './timeline.ts';
import { ORDERS } from '../name.ts';

const route = getRouteApi('/orders/messages/$messageId');

/** One order's life, from its row to its rest. */
export function MessagePage() {
  const { messageId } = route.useParams();
  const life = useQuery(messageQuery(messageId));
  return (
    <Page
      title={life.data === undefined ? 'Message' : titleOf(life.data)}
      intro={<CopyId id={messageId} what="message id" />}
      actions={
        life.data?.dead_letter && (
          <RouterButton
            to="/$pipeline/dead-letters/$messageId"
            params={{ pipeline: ORDERS, messageId }}
            variant="default"
          >
            Its dead letter
          </RouterButton>
        )
      }
    >
      <Loaded query={life}>
        {(data) => (
          <Grid gap="md">
            <Grid.Col span={{ base: 12, md: 7 }}>
              <Panel title="Life">
                <Lifeline steps={timelineOf(data)} />
              </Panel>
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 5 }}>
              <Panel title="Source and endput">
                <Compared life={data} />
              </Panel>
            </Grid.Col>
          </Grid>
        )}
      </Loaded>
    </Page>
  );
}

const titleOf = ({ system, source_id }: Life): string =>
  system === null ? 'A message of no known system' : `${system}, row ${source_id ?? '?'}`;
