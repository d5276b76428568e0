/** A column of times as ISO 8601 text, to the microsecond: what a database says of time never passes through a `Date`. */
export const isoTime = (column: string, name: string): string => `to_json(${column}) #>> '{}' AS "${name}"`;
