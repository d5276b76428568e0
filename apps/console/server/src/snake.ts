/** A member's name as it stands in JSON: `deadAt` is `dead_at`. */
type SnakeCase<S extends string> = S extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : S;

/** An object with the names that its members have in JSON. */
export type Snake<T> = { [K in keyof T as SnakeCase<K & string>]: T[K] };

/** Gives the members of an object the names that they have in JSON; not those of what is inside. */
export function snake<T extends object>(value: T): Snake<T> {
  const entries = Object.entries(value).map(([name, held]): [string, unknown] => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    held,
  ]);
  return Object.fromEntries(entries) as Snake<T>;
}
