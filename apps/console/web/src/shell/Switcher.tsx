import { Button, Menu } from '@mantine/core';
import { IconCheck, IconChevronDown } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { sameIn } from '../pipeline/address.ts';
import { useCurrentPipeline } from '../pipeline/current.tsx';
import { pipelinesQuery } from '../pipeline/query.ts';

/** Which pipeline is looked at, and the way to the others; nothing where there is one. */
export function Switcher() {
  const pipelines = useQuery(pipelinesQuery).data ?? [];
  const current = useCurrentPipeline();
  const { pathname } = useLocation();
  if (pipelines.length < 2 || current === undefined) return null;
  return (
    <Menu>
      <Menu.Target>
        <Button
          variant="default"
          size="xs"
          rightSection={<IconChevronDown size={14} />}
          aria-label={`Pipeline: ${current.title}`}
          style={{ flex: 'none' }}
        >
          {current.title}
        </Button>
      </Menu.Target>
      <Menu.Dropdown aria-label="Pipelines">
        {pipelines.map((one) => (
          <Menu.Item
            key={one.name}
            component={Link}
            to={sameIn(pathname, one)}
            aria-current={one.name === current.name ? 'true' : undefined}
            rightSection={one.name === current.name && <IconCheck size={14} />}
          >
            {one.title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
