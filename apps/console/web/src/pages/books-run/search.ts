import * as v from 'valibot';
import { text } from '../../url/parameters.ts';

/** Which items of the books are listed, as the address says it. */
export const itemsSearch = v.object({ class: text(), origin: text() });
export type ItemsSearch = v.InferOutput<typeof itemsSearch>;
