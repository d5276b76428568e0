import { IconActivity, IconArchive, IconChecklist, IconHistory, IconSearch, type Icon } from '@tabler/icons-react';
import type { Pipeline } from '../pipeline/query.ts';

/** A page of the first level. */
interface PageEntry {
  readonly to: string;
  readonly label: string;
  readonly icon: Icon;
}

/**
 * The pages of the first level: those of all pipelines, those of one that has the part, and those in the place of a part,
 * of one that has it not.
 */
const PAGES = [
  { path: '', label: 'Overview', icon: IconActivity },
  { path: '/messages', label: 'Messages', icon: IconSearch, part: 'messages' },
  { path: '/attempts', label: 'Attempts', icon: IconSearch, without: 'messages' },
  { path: '/dead-letters', label: 'Dead letters', icon: IconArchive },
  { path: '/reconciliation', label: 'Reconciliation', icon: IconChecklist, part: 'reconciliation' },
  { path: '/books', label: 'Books', icon: IconChecklist, without: 'reconciliation' },
  { path: '/history', label: 'History', icon: IconHistory },
] as const satisfies readonly {
  path: string;
  label: string;
  icon: Icon;
  part?: Pipeline['parts'][number];
  without?: Pipeline['parts'][number];
}[];

/** Those of a pipeline, in the order of their keys `1`, `2`, … Pure. */
export const pagesOf = ({ name, parts }: Pick<Pipeline, 'name' | 'parts'>): readonly PageEntry[] =>
  PAGES.filter((page) => {
    if ('without' in page) return !parts.includes(page.without);
    return !('part' in page) || parts.includes(page.part);
  }).map(({ path, label, icon }) => ({ ...{ label, icon }, to: `/${name}${path}` }));
