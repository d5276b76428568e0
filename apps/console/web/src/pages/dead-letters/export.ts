import type { DeadLettersSearch } from './search.ts';
import { writeSearch } from '../../url/parameters.ts';

/** Where everything that a filter matches is downloaded, one dead letter a line. Pure. */
export const exportAddress = (pipeline: string, filter: DeadLettersSearch): string =>
  `/v0/pipelines/${pipeline}/dead-letters/export${writeSearch(filter)}`;
