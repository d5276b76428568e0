import { UUID, type Page } from '@esteira/pipeline';
import { Type, type TSchema } from 'typebox';

/** Pieces that the schemas of many routes are made of. */
export const text = Type.String();
export const count = Type.Integer({ minimum: 0 });
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const time = (description: string) => Type.String({ format: 'date-time', description });

/** Nothing but what is named: an operator of a query language can't come along. */
export const closed = { additionalProperties: false } as const;

/** Postgres keeps no NUL in a text. */
const NO_NUL = '^[^\\u0000]*$';
/** A text that somebody gave to look for. */
export const sought = (description: string, more: { readonly deprecated?: true } = {}) =>
  Type.String({
    title: 'a text of 1 to 200 characters, none of them NUL',
    minLength: 1,
    maxLength: 200,
    pattern: NO_NUL,
    description,
    ...more,
  });

/** Why somebody acts. */
export const why = Type.String({
  title: 'a text of 1 to 500 characters, none of them NUL',
  minLength: 1,
  maxLength: 500,
  pattern: NO_NUL,
  description: 'Stands in the history, with the name of the key.',
  examples: ['the supplier fixed the price list'],
});

/** A bigint as text. */
export const bigint = Type.String({ pattern: '^(0|[1-9][0-9]{0,18})$', examples: ['4711'] });

export const messageId = Type.String({
  title: 'a message id (a UUID, lower case)',
  pattern: UUID.source,
  description: 'A message id, as it travels.',
  examples: ['7c3f9a52-8e1b-8d04-8000-000000000001'],
});

export const jobId = Type.String({
  title: 'the id of a job (a whole number above 0)',
  pattern: '^[1-9][0-9]{0,17}$',
  examples: ['17'],
});

/** A time that somebody gave; read by {@link timeOf}. */
export const givenTime = (description: string, example = '2026-11-21T16:00:00Z') =>
  Type.String({
    title: 'a time with its seconds and zone, like 2026-11-21T16:00:00Z',
    format: 'date-time',
    pattern: '^[12]\\d{3}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?([Zz]|[+-]\\d{2}:\\d{2})$',
    description,
    examples: [example],
  });

/** What every list takes. */
export const paging = {
  limit: Type.Optional(
    Type.Integer({
      title: 'a whole number from 1 to 500',
      minimum: 1,
      maximum: 500,
      description: 'Items of a page; 50 by default.',
    }),
  ),
  cursor: Type.Optional(
    Type.String({
      title: 'a `next_cursor` of this list',
      minLength: 1,
      maxLength: 1_000,
      pattern: '^[A-Za-z0-9_-]+$',
      description: '`next_cursor` of a page.',
    }),
  ),
};
export const PAGE_ITEMS = 50;

/** A page of a list. */
export const pageOf = <T extends TSchema>(item: T) =>
  Type.Object({
    items: Type.Array(item),
    next_cursor: nullable(Type.String({ description: 'For the next page; null where this is the last.' })),
  });

/** A page of a list as it stands in JSON; `view` tells how an item does. */
export const pageView = <T, V>({ items, nextCursor }: Page<T>, view: (item: T) => V) => ({
  items: items.map(view),
  next_cursor: nextCursor,
});

/** How one attempt ended. */
export const attemptStatus = Type.Enum(['succeeded', 'failed', 'dead-lettered', 'invalid']);

export const attemptNumber = Type.Integer({
  title: 'the number of an attempt (1 to 1000)',
  minimum: 1,
  maximum: 1_000,
});

export const failure = Type.Object({ code: text, message: text });
