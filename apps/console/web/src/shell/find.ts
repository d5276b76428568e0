const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Where the search in the header leads. */
export type Finding =
  | { readonly kind: 'message'; readonly messageId: string }
  | { readonly kind: 'search'; readonly search: { system?: string; source_id?: string; words?: string } };

/** Tells what was typed: a message id, a source id with or without its system, or words. Undefined: nothing. */
export function findingOf(typed: string): Finding | undefined {
  const asked = typed.trim();
  if (asked === '') return undefined;
  if (UUID.test(asked)) return { kind: 'message', messageId: asked.toLowerCase() };
  const [, system, sourceId] = /^(?:(\S+)[\s:/#]+)?#?(\d{1,19})$/.exec(asked) ?? [];
  if (sourceId === undefined) return { kind: 'search', search: { words: asked } };
  return { kind: 'search', search: { ...(system === undefined ? {} : { system }), source_id: sourceId } };
}
