import { Alert, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Empty } from '../../../feedback/Empty.tsx';
import { PagedTable } from '../../../list/PagedTable.tsx';
import { columns, type Hit } from './columns.tsx';
import { messagesNews, messagesQuery } from './query.ts';
import type { MessagesSearch } from './search.ts';
import { servedText } from './served.ts';

/** An attempt has a line of its own. */
const rowId = ({ message_id, round, attempt, found_in }: Hit) => `${message_id} ${round} ${attempt} ${found_in}`;

/** The messages of a search, what was not searched, and what answered. */
export function Found({ search }: { readonly search: MessagesSearch }) {
  const found = useInfiniteQuery(messagesQuery(search));
  const unsearched = new Set(found.data?.pages.flatMap((page) => page.unsearched));
  const served = servedText(found.data?.pages.map(({ index }) => index) ?? []);
  return (
    <>
      {unsearched.size > 0 && (
        <Alert role="alert" variant="outline" color="orange" title="Not everything was searched">
          {[...unsearched].map((why) => (
            <Text key={why} size="sm">
              {why}
            </Text>
          ))}
        </Alert>
      )}
      <PagedTable
        label="Messages"
        query={found}
        columns={columns}
        news={messagesNews(search)}
        rowId={rowId}
        empty={
          <Empty title="No message is like that">
            Search for less, or wait: the log of attempts forgets after a while, a message id or a source id is found
            for ever. Nothing at all yet? Run a system on the overview.
          </Empty>
        }
      />
      {served !== undefined && (
        <Text size="xs" c="dimmed">
          {served}
        </Text>
      )}
    </>
  );
}
