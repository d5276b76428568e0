import { Button, Group, Paper, Text } from '@mantine/core';
import { BulkActions } from '../../bulk/BulkActions.tsx';
import { counted } from '../../format/number.ts';
import panel from '../../feedback/Panel.module.css';
import type { Ticked } from './useSelection.ts';

/** What can be done with the ticked ones. */
export function SelectedActions({ selection: { ids, clear } }: { readonly selection: Ticked }) {
  return (
    <Paper className={panel.panel} p="xs" role="status">
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {counted(ids.size, 'dead letter')} selected
        </Text>
        <BulkActions selection={{ message_ids: [...ids] }} what={`${ids.size} selected`} spelled />
        <Button size="xs" variant="subtle" color="gray" onClick={clear}>
          Select none
        </Button>
      </Group>
    </Paper>
  );
}
