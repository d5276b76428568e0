/** A page of a list, as every list of the API gives it. */
export interface ListPage<Row> {
  readonly items: readonly Row[];
  readonly next_cursor: string | null;
}

/** How the next page is asked for. */
export const pageByPage = {
  initialPageParam: undefined as string | undefined,
  getNextPageParam: ({ next_cursor }: ListPage<unknown>) => next_cursor ?? undefined,
};
