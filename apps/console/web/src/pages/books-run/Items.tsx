import { Group, Text } from '@mantine/core';
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import type { Answer } from '../../api/answers.ts';
import { answerOf, api } from '../../api/client.ts';
import { Empty } from '../../feedback/Empty.tsx';
import { count } from '../../format/number.ts';
import { When } from '../../format/When.tsx';
import { RouterButton } from '../../link/links.tsx';
import { PagedTable } from '../../list/PagedTable.tsx';
import { pageByPage } from '../../list/list-page.ts';
import { usePipeline } from '../../pipeline/current.tsx';
import type { Pipeline } from '../../pipeline/query.ts';
import { columnsOf } from '../../table/columns.ts';
import { given } from '../../url/given.ts';
import { countIn, listedOf, type BookClass, type BooksReport } from '../books/books-text.ts';
import type { ItemsSearch } from './search.ts';

type Item = Answer<'/v0/pipelines/{pipeline}/books/{id}/items'>['items'][number];

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly origin: string | undefined;
}

const itemsQuery = (pipeline: string, { id, name, origin }: Listed) =>
  infiniteQueryOptions({
    queryKey: [pipeline, 'books', id, 'items', name, origin],
    queryFn: ({ pageParam, signal }) => {
      const query = { class: name, ...given({ origin, cursor: pageParam }) };
      const params = { path: { pipeline, id }, query };
      return answerOf(api.GET('/v0/pipelines/{pipeline}/books/{id}/items', { signal, params }));
    },
    ...pageByPage,
  });

const column = columnsOf<Item>();
const columnsFor = ({ origin, key }: Pipeline['words']) =>
  column.columns([
    column.accessor('origin', { header: origin, meta: { unbroken: true } }),
    column.accessor('key', { header: key }),
    column.accessor('details', { header: 'What is known', meta: { wide: true } }),
    column.accessor('sent_again_at', {
      header: 'Sent again',
      meta: { wide: true },
      cell: ({ getValue }) => {
        const at = getValue();
        return at === null ? 'no' : <When at={at} />;
      },
    }),
  ]);

interface ItemsProps {
  readonly id: string;
  readonly report: BooksReport;
  readonly search: ItemsSearch;
}

/** The items that do not add up, class by class: those of the first class that has any, or of the one that is asked for. */
export function Items({ id, report, search }: ItemsProps) {
  const classes = listedOf(report).filter(({ name }) => countIn(report, name) > 0 || name === search.class);
  const shown = classes.find(({ name }) => name === search.class) ?? classes[0];
  if (shown === undefined) return null;
  return (
    <>
      <Group gap="xs" component="nav" aria-label="Lists">
        {classes.map(({ name, label }) => (
          <RouterButton
            key={name}
            from="/$pipeline"
            to="/$pipeline/books/$id"
            params={{ id }}
            search={{ class: name }}
            variant={name === shown.name ? 'filled' : 'default'}
            {...(name === shown.name ? { 'aria-current': 'true' as const } : {})}
          >
            {label} {count(countIn(report, name))}
          </RouterButton>
        ))}
      </Group>
      <OfClass id={id} of={shown} origin={search.origin} />
    </>
  );
}

interface OfClassProps {
  readonly id: string;
  readonly of: BookClass;
  readonly origin: string | undefined;
}

function OfClass({ id, of: { name, label, remedy }, origin }: OfClassProps) {
  const { name: pipeline, words } = usePipeline();
  return (
    <>
      {remedy !== null && (
        <Text size="sm" c="dimmed">
          {remedy === 'send-again' ? 'To send such an item again does no harm.' : 'Somebody may say why this is so.'}
        </Text>
      )}
      <PagedTable
        label={`Items: ${label}`}
        query={useInfiniteQuery(itemsQuery(pipeline, { id, name, origin }))}
        columns={columnsFor(words)}
        rowId={(item) => `${item.origin} ${item.key}`}
        empty={<Empty title="None">No item is like that.</Empty>}
      />
    </>
  );
}
