import { IconActivity, IconArchive, IconChecklist, IconHistory, IconSearch, type Icon } from '@tabler/icons-react';

/** The pages of the first level, in the order of their keys `1`, `2`, … */
export const PAGES = [
  { to: '/', label: 'Overview', icon: IconActivity },
  { to: '/messages', label: 'Messages', icon: IconSearch },
  { to: '/dead-letters', label: 'Dead letters', icon: IconArchive },
  { to: '/reconciliation', label: 'Reconciliation', icon: IconChecklist },
  { to: '/history', label: 'History', icon: IconHistory },
] as const satisfies readonly { to: string; label: string; icon: Icon }[];
