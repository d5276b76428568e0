import type { Answer } from '../../api/answers.ts';

type Letters = Answer<'/v0/pipelines/{pipeline}/dead-letters'>;

interface Found {
  readonly data:
    { readonly pages: readonly { readonly items: readonly Pick<Letters['items'][number], 'state'>[] }[] } | undefined;
  readonly hasNextPage: boolean;
}

/** Whether there may be open ones among what was found: among the pages that are known, or beyond them. Pure. */
export function mayHoldOpen({ data, hasNextPage }: Found): boolean {
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  return items.some(({ state }) => state === 'dead') || (items.length > 0 && hasNextPage);
}
