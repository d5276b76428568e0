import { Group } from '@mantine/core';
import { count } from '../../../format/number.ts';
import { RouterButton } from '../../../link/links.tsx';
import { hasFaults, sumOf, type Report } from '../reconciliation/report.ts';
import { KINDS, type RowsSearch } from './search.ts';

interface KindsProps {
  readonly report: Report;
  /** What is listed; undefined while nothing is. */
  readonly search: RowsSearch | undefined;
}

/** What the page lists: the days, or the rows of one kind. */
export function Kinds({ report: { id, systems, days }, search }: KindsProps) {
  const faulty = days.filter(hasFaults).length;
  const isFaulty = search !== undefined && search.kind === undefined && search.days !== undefined;
  const isListed = (kind: RowsSearch['kind']) => search !== undefined && search.kind === kind && !isFaulty;
  const variant = (kind: RowsSearch['kind']) => (isListed(kind) ? 'filled' : 'default');
  const pressed = (kind: RowsSearch['kind']) => (isListed(kind) ? { 'aria-current': 'true' as const } : {});
  return (
    <Group gap="xs" component="nav" aria-label="Lists">
      <RouterButton
        to="/orders/reconciliation/$id"
        params={{ id }}
        search={{}}
        variant={variant(undefined)}
        {...pressed(undefined)}
      >
        By day
      </RouterButton>
      <RouterButton
        to="/orders/reconciliation/$id"
        params={{ id }}
        search={{ days: 'with-faults' }}
        variant={isFaulty ? 'filled' : 'default'}
        {...(isFaulty ? { 'aria-current': 'true' as const } : {})}
      >
        Days with faults {count(faulty)}
      </RouterButton>
      {KINDS.map((kind) => (
        <RouterButton
          key={kind}
          to="/orders/reconciliation/$id"
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
