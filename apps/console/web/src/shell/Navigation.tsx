import { useLocation } from '@tanstack/react-router';
import { RouterNavLink } from '../link/links.tsx';
import { useCurrentPipeline } from '../pipeline/current.tsx';
import { pagesOf } from './navigation.ts';

/** Links to the pages of the pipeline; the current one is marked for everybody. */
export function Navigation({ onChosen }: { readonly onChosen: () => void }) {
  const { pathname } = useLocation();
  const pipeline = useCurrentPipeline();
  if (pipeline === undefined) return null;
  const [overview, ...others] = pagesOf(pipeline);
  const isHere = (to: string) => pathname === to || (to !== overview?.to && pathname.startsWith(`${to}/`));
  return [overview, ...others]
    .filter((page) => page !== undefined)
    .map(({ to, label, icon: Icon }) => (
      <RouterNavLink
        key={to}
        to={to}
        label={label}
        leftSection={<Icon size={18} stroke={1.6} />}
        active={isHere(to)}
        // The address of the overview begins those of all other pages.
        activeOptions={{ exact: to === overview?.to }}
        onClick={onChosen}
        style={{ borderRadius: 'var(--mantine-radius-md)' }}
      />
    ));
}
