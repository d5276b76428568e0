import * as v from 'valibot';

/** What an address asks of a page, as it stands there. */
export type Asked<Search> = { readonly [Name in keyof Search]?: string | undefined };

/**
 * Keeps in the address what it says, so that the page can tell what of it is not understood; what has a name of an earlier
 * release gets the present one.
 */
export const asAsked =
  <Search>(former: Readonly<Record<string, keyof Search & string>> = {}) =>
  (search: Readonly<Record<string, unknown>>) =>
    inPresentNames(search, former) as Asked<Search>;

/** Where both names are there and say two things, the former one stays, and is not understood. Pure. */
function inPresentNames(search: Readonly<Record<string, unknown>>, former: Readonly<Record<string, string>>) {
  const presentNames = new Map(Object.entries(former));
  return Object.fromEntries(
    Object.entries(search).map(([name, value]) => {
      const present = presentNames.get(name) ?? name;
      return [(search[present] ?? value) === value ? present : name, value];
    }),
  );
}

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
