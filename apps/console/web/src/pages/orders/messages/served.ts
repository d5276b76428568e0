const TABLES: Readonly<Record<string, string>> = {
  dead_letters_words: 'the words of dead letters',
  dead_letters_pkey: 'the dead letters',
  orders_pkey: 'the stored orders',
};

/**
 * Where a search looked, for people, and then by which indexes, for those who know them; undefined where it looked
 * nowhere. `served` is what the pages say, each a list. Pure.
 */
export function servedText(served: readonly string[]): string | undefined {
  const indexes = [...new Set(served.flatMap((text) => text.split(', ')).filter((index) => index !== ''))];
  if (indexes.length === 0) return undefined;
  const places = [...new Set(indexes.map(placeOf))];
  const names = indexes.length === 1 ? 'Index' : 'Indexes';
  return `Looked through by an index: ${places.join(', ')}. ${names}: ${indexes.join(', ')}.`;
}

function placeOf(index: string): string {
  const [, system] = /^(.+): /.exec(index) ?? [];
  if (system !== undefined) return `the products of ${system}`;
  return TABLES[index] ?? 'the log of attempts';
}
