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
 *
 * @param former what has a name of an earlier release, with the present one
 */
export function understand<Search extends object>(
  schema: v.GenericSchema<unknown, Search>,
  asked: Asked<Search>,
  former: Readonly<Record<string, keyof Search & string>> = {},
): Understood<Search> {
  const named = inPresentNames(new Map(Object.entries<string | undefined>(asked)), former);
  const search = v.parse(schema, named);
  const understood = new Map<string, unknown>(Object.entries(search));
  const wrong = Object.entries(named)
    .filter(([name, value = '']) => value.trim() !== '' && understood.get(name) === undefined)
    .map(([name, value = '']) => `${name}=${value}`);
  return { search, wrong };
}

/** Where both names are there and say two things, the former one stays, and is not understood. Pure. */
function inPresentNames(asked: ReadonlyMap<string, string | undefined>, former: Readonly<Record<string, string>>) {
  const presentNames = new Map(Object.entries(former));
  return Object.fromEntries(
    [...asked].map(([name, value]) => {
      const present = presentNames.get(name) ?? name;
      return [(asked.get(present) ?? value) === value ? present : name, value];
    }),
  );
}
