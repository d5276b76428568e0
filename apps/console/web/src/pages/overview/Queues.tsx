import { Table, Text } from '@mantine/core';
import type { Overview } from '../../api/answers.ts';
import { Panel } from '../../feedback/Panel.tsx';
import { count, counted } from '../../format/number.ts';
import { duration } from '../../format/time.ts';
import { usePipeline } from '../../pipeline/current.tsx';
import { Stale } from './Stale.tsx';

interface QueueRow {
  readonly name: string;
  readonly messages: number;
  readonly note: string;
}

/** What RabbitMQ holds, queue by queue. */
export function Queues({ queues }: { readonly queues: Overview['queues'] }) {
  return (
    <Panel title="Queues" aside={<Stale part={queues} />}>
      <Table aria-label="Queues" verticalSpacing={6}>
        <Table.Tbody>
          {rowsOf(usePipeline().name, queues).map(({ name, messages, note }) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={400}>
                {name}
                <Text size="xs" c="dimmed">
                  {note}
                </Text>
              </Table.Th>
              <Table.Td ta="right">{count(messages)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

function rowsOf(pipeline: string, { lanes, waiting, dead_lettered, returned }: Overview['queues']): QueueRow[] {
  return [
    ...lanes.map(({ queue, ready, unacked, consumers }) => ({
      name: queue,
      messages: ready,
      note: `ready; ${count(unacked)} held by ${counted(consumers, 'consumer')}`,
    })),
    ...waiting.map(({ queue, delay_ms, messages }) => ({
      name: queue,
      messages,
      note: delay_ms === null ? 'waiting for a retry' : `waiting for a retry, due within ${duration(delay_ms)}`,
    })),
    { name: `${pipeline}.dead-letter`, messages: dead_lettered, note: 'mirrors the open dead letters' },
    { name: `${pipeline}.returned`, messages: returned, note: 'given up on by the broker, to be dead letters' },
  ];
}
