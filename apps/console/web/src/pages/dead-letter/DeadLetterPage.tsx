import { Grid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { BodyView } from '../../body/BodyView.tsx';
import { BulkActions } from '../../bulk/BulkActions.tsx';
import { CopyId } from '../../feedback/CopyId.tsx';
import { Loaded } from '../../feedback/Loaded.tsx';
import { Page } from '../../feedback/Page.tsx';
import { Panel } from '../../feedback/Panel.tsx';
import { RouterButton } from '../../link/links.tsx';
import { usePipeline } from '../../pipeline/current.tsx';
import type { Pipeline } from '../../pipeline/query.ts';
import { Attempts } from './Attempts.tsx';
import { EditBody } from './EditBody.tsx';
import { Events } from './Events.tsx';
import { Headers } from './Headers.tsx';
import { LetterFacts } from './LetterFacts.tsx';
import { letterQuery, type Letter } from './query.ts';

const route = getRouteApi('/$pipeline/dead-letters/$messageId');

/** One dead letter: why it failed, its bytes, and what can be done about it. */
export function DeadLetterPage() {
  const { messageId } = route.useParams();
  const { name, parts, words } = usePipeline();
  const letter = useQuery(letterQuery(name, messageId));
  return (
    <Page
      title={letter.data === undefined ? 'Dead letter' : `Dead letter: ${rowOf(letter.data, words)}`}
      intro={<CopyId id={messageId} what="message id" />}
      actions={
        <>
          {parts.includes('messages') && (
            <RouterButton to="/orders/messages/$messageId" params={{ messageId }} variant="default">
              Its whole life
            </RouterButton>
          )}
          {letter.data?.state === 'dead' && <BulkActions selection={{ message_ids: [messageId] }} what="this one" />}
        </>
      }
    >
      <Loaded query={letter}>{(data) => <Whole letter={data} />}</Loaded>
    </Page>
  );
}

const rowOf = ({ origin, key }: Letter, words: Pipeline['words']) =>
  origin === null ? `of no known ${words.origin.toLowerCase()}` : `${origin}, ${words.key.toLowerCase()} ${key ?? '?'}`;

function Whole({ letter }: { readonly letter: Letter }) {
  return (
    <Grid gap="md">
      <Grid.Col span={{ base: 12, md: 7 }}>
        <Panel title="Body" aside={letter.state === 'dead' && <EditBody letter={letter} />}>
          <BodyView body={letter.body} original={letter.original_body} />
        </Panel>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 5 }}>
        <Stack>
          <LetterFacts letter={letter} />
          <Events events={letter.history} />
          <Attempts attempts={letter.attempts} />
          <Headers headers={letter.headers} />
        </Stack>
      </Grid.Col>
    </Grid>
  );
}
