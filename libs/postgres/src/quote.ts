import pg from 'pg';

/** A name as an SQL identifier: taken as it is, whatever it holds. */
export const quoteIdentifier = (name: string): string => pg.escapeIdentifier(name);

/** A text as an SQL literal. Only where a parameter can't stand, as in what is printed or in DDL. */
export const quoteLiteral = (text: string): string => pg.escapeLiteral(text);
