import * as v from 'valibot';

/** What an address asks of a page, as it stands there. */
export type Asked<Search> = { readonly [Name in keyof Search]?: string | undefined };

/** Keeps in the address what it says, so that the page can tell what of it is not understood. */
export const asAsked =
  <Search>() =>
  (search: Readonly<Record<string, unknown>>) =>
    search as Asked<Search>;

/** What of an address is understood, and what is not. */
export interface Understood<Search> {
  readonly search: Search;
  /** As the address says it: `reason=foo`. */
  readonly wrong: readonly string[];
}

/**
 * Reads what an address asks. A filter that is not understood must not count as none: a list of everything would stand
 * where a part was asked for. Pure.
 */
export function understand<Search extends object>(
  schema: v.GenericSchema<unknown, Search>,
  asked: Asked<Search>,
): Understood<Search> {
  const search = v.parse(schema, asked);
  const understood = new Map<string, unknown>(Object.entries(search));
  const wrong = Object.entries<string | undefined>(asked)
    .filter(([name, value = '']) => value.trim() !== '' && understood.get(name) === undefined)
    .map(([name, value = '']) => `${name}=${value}`);
  return { search, wrong };
}
