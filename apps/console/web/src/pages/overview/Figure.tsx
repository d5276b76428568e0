import { Paper, Text, Tooltip } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { RouterAnchor } from '../../link/links.tsx';
import panel from '../../feedback/Panel.module.css';

interface FigureProps {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  /** Why the value is the last one known. */
  readonly problem?: string | null;
  readonly to?: '/$pipeline/dead-letters';
}

/** One number with its name. */
export function Figure({ label, value, note, problem, to }: FigureProps) {
  return (
    <Paper className={panel.panel} p="sm">
      <Text size="xs" c="dimmed" fw={600} display="flex" style={{ gap: 4, alignItems: 'center' }}>
        {label}
        {problem != null && (
          <Tooltip label={`Not known now: ${problem}`}>
            <IconAlertTriangle
              size={14}
              role="img"
              aria-label={`Not known now: ${problem}`}
              tabIndex={0}
              style={{ flex: 'none' }}
            />
          </Tooltip>
        )}
      </Text>
      <Text fz={24} lh={1.25} fw={600} data-figure={label}>
        {value}
      </Text>
      <Text size="xs" c="dimmed">
        {to === undefined ? (
          note
        ) : (
          <RouterAnchor from="/$pipeline" to={to}>
            {note}
          </RouterAnchor>
        )}
      </Text>
    </Paper>
  );
}
