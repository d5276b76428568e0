import type { DeadLettersSearch } from './search.ts';
import { writeSearch } from '../../url/parameters.ts';

/** Where everything that a filter matches is downloaded, one dead letter a line. Pure. */
export const exportAddress = (filter: DeadLettersSearch): string => `/v0/dead-letters/export${writeSearch(filter)}`;
