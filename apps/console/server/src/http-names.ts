/** What the API calls who a message is: an origin is a system, a key the id of a row, an incarnation when that was made. */
const NAMES = {
  origin: 'system',
  key: 'source_id',
  incarnation: 'source_created_at',
} as const;
type Names = typeof NAMES;

/** An object with these members as the API calls them. */
export type HttpNamed<T> = { [K in keyof T as K extends keyof Names ? Names[K] : K]: T[K] };

const isRenamed = (name: string): name is keyof Names => name in NAMES;

/** Gives the members of an object that tell who a message is the names that they have in the API; not those of what is inside. */
export function httpNamed<T extends object>(value: T): HttpNamed<T> {
  const entries = Object.entries(value).map(([name, held]): [string, unknown] => [
    isRenamed(name) ? NAMES[name] : name,
    held,
  ]);
  return Object.fromEntries(entries) as HttpNamed<T>;
}
