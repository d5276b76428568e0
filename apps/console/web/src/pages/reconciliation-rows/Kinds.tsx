import { Group } from '@mantine/core';
import { count } from '../../format/number.ts';
import { RouterButton } from '../../link/links.tsx';
import { sumOf, type Report } from '../reconciliation/report.ts';
import { KINDS, type RowsSearch } from './search.ts';

/** What the page lists: the days, or the rows of one kind. */
export function Kinds({ report: { id, systems }, search }: { readonly report: Report; readonly search: RowsSearch }) {
  const variant = (kind: RowsSearch['kind']) => (search.kind === kind ? 'filled' : 'default');
  const pressed = (kind: RowsSearch['kind']) => (search.kind === kind ? { 'aria-current': 'true' as const } : {});
  return (
    <Group gap="xs" component="nav" aria-label="Lists">
      <RouterButton
        to="/reconciliation/$id"
        params={{ id }}
        search={{}}
        variant={variant(undefined)}
        {...pressed(undefined)}
      >
        By day
      </RouterButton>
      {KINDS.map((kind) => (
        <RouterButton
          key={kind}
          to="/reconciliation/$id"
          params={{ id }}
          search={{ kind }}
          variant={variant(kind)}
          {...pressed(kind)}
        >
          {kind} {count(sumOf(systems, kind))}
        </RouterButton>
      ))}
    </Group>
  );
}
