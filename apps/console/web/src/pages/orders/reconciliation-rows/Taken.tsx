import { Button, Group, Text } from '@mantine/core';
import { counted } from '../../../format/number.ts';
import { sumOf, type Report } from '../reconciliation/report.ts';
import { Archive } from './Archive.tsx';
import { Republish } from './Republish.tsx';

/** What can be done with a result: its missing rows published again, all of it taken along. */
export function Taken({ report }: { readonly report: Report }) {
  if (report.state !== 'finished') return null;
  const left = sumOf(report.systems, 'missing') - report.republished;
  return (
    <Group mt="sm" gap="xs">
      {left > 0 && <Republish id={report.id} rows={left} />}
      {sumOf(report.systems, 'orphan') > 0 && <Archive systems={systemsWithOrphans(report)} />}
      {report.republished > 0 && (
        <Text size="sm">
          {counted(report.republished, 'missing row')} published again: reconcile now to see where they are.
        </Text>
      )}
      {(['csv', 'json'] as const).map((format) => (
        <Button
          key={format}
          component="a"
          href={`/v0/pipelines/orders/reconciliations/${report.id}/export?format=${format}`}
          download
          size="xs"
          variant="default"
        >
          Export as {format.toUpperCase()}
        </Button>
      ))}
    </Group>
  );
}

const systemsWithOrphans = ({ systems }: Report): string[] =>
  systems.filter(({ classes }) => classes.orphan > 0).map(({ system }) => system);
