import { Group, type MantineBreakpoint } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import { RouterButton } from '../link/links.tsx';
import { sameIn } from '../pipeline/address.ts';
import { useCurrentPipeline } from '../pipeline/current.tsx';
import { pipelinesQuery } from '../pipeline/query.ts';

/** Where on the screen it stands, and what follows a choice. */
interface SwitcherProps {
  readonly visibleFrom?: MantineBreakpoint;
  readonly hiddenFrom?: MantineBreakpoint;
  readonly onChosen?: () => void;
}

/** Which pipeline is looked at, and the way to the others; nothing where there is one. */
export function Switcher({ onChosen, ...place }: SwitcherProps) {
  const pipelines = useQuery(pipelinesQuery).data ?? [];
  const current = useCurrentPipeline();
  const { pathname } = useLocation();
  if (pipelines.length < 2) return null;
  return (
    <Group
      component="nav"
      aria-label="Pipelines"
      gap={4}
      wrap="nowrap"
      style={{ flex: 'none' }}
      onClick={onChosen}
      {...place}
    >
      {pipelines.map((one) => {
        const isCurrent = one.name === current?.name;
        return (
          <RouterButton
            key={one.name}
            to={sameIn(pathname, one)}
            variant={isCurrent ? 'light' : 'subtle'}
            {...(isCurrent ? {} : { color: 'gray' })}
            {...(isCurrent ? ({ 'aria-current': 'true' } as const) : {})}
            activeProps={{ 'aria-current': 'true' }}
          >
            {one.title}
          </RouterButton>
        );
      })}
    </Group>
  );
}
