import { useLocation } from '@tanstack/react-router';
import { RouterNavLink } from '../link/links.tsx';
import { PAGES } from './navigation.ts';

/** Links to the pages; the current one is marked for everybody. */
export function Navigation({ onChosen }: { readonly onChosen: () => void }) {
  const { pathname } = useLocation();
  const isHere = (to: string) => (to === '/' ? pathname === '/' : pathname === to || pathname.startsWith(`${to}/`));
  return PAGES.map(({ to, label, icon: Icon }) => (
    <RouterNavLink
      key={to}
      to={to}
      label={label}
      leftSection={<Icon size={18} stroke={1.6} />}
      active={isHere(to)}
      onClick={onChosen}
      style={{ borderRadius: 'var(--mantine-radius-md)' }}
    />
  ));
}
