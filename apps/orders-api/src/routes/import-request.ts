import { invalidRequest, placed, unsupportedMediaType } from '@esteira/http';
import { isTimeZone } from '@esteira/orders/source';
import type { Sql } from '@esteira/postgres';
import type { Static } from 'typebox';
import type { BodyType, OpenBody } from '../import/body.ts';
import type { ImportRequest } from '../import/import-file.ts';
import type { importQuery } from './import-schemas.ts';

type Query = Static<typeof importQuery>;

const ENCODINGS = ['gzip', 'x-gzip', 'identity'];

/** What is asked for, before the body says what it is. */
export function requestOf(query: Query, key: string | undefined): ImportRequest {
  const { product = 'product', price = 'price', created_at: createdAt, quote = '"', decimal, currency } = query;
  const delimiter = query.delimiter === '\\t' || query.delimiter === 'tab' ? '\t' : query.delimiter;
  if (quote !== '' && delimiter?.includes(quote) === true) {
    const detail = `The delimiter ${delimiter} holds the quote ${quote}: no field could be told from the next.`;
    throw invalidRequest(detail, placed('querystring', '/delimiter', 'holds the quote'));
  }
  return {
    mapping: {
      product,
      price,
      createdAt: createdAt ?? 'created_at',
      createdAtRequired: createdAt !== undefined,
    },
    quote,
    rows: {
      ...(decimal === undefined ? {} : { decimal }),
      ...(currency === undefined ? {} : { currency }),
      ...(query.date_format === undefined ? {} : { dateFormat: query.date_format }),
      ...(query.time_zone === undefined ? {} : { timeZone: query.time_zone }),
    },
    ...(query.header_line === undefined ? {} : { headerLine: query.header_line }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(key === undefined ? {} : { key }),
  };
}

/** The same, with what the type of the file says and the request does not. */
export function withType(request: ImportRequest, { type }: OpenBody): ImportRequest {
  const { format, delimiter } = type;
  return {
    ...(format === undefined ? {} : { format }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...request,
  };
}

/** What is said of the body beside it. */
export function bodyTypeOf({ charset }: Query, contentType: string | undefined): BodyType {
  return {
    ...(charset === undefined ? {} : { charset }),
    ...(contentType === undefined ? {} : { contentType }),
  };
}

/** Refuses what no schema can tell. */
export async function refuseUnknown(sql: Sql, encoding: string | undefined, zone: string | undefined): Promise<void> {
  if (encoding !== undefined && !ENCODINGS.includes(encoding.trim().toLowerCase())) {
    const detail = `Content-Encoding ${encoding} is not known here. Send gzip, or nothing packed.`;
    throw unsupportedMediaType(detail, placed('headers', '/content-encoding', 'is not known here'));
  }
  if (zone !== undefined && !(await isTimeZone(sql, zone))) {
    const detail = `Postgres knows no time zone ${zone}. It has names like Europe/Berlin or America/New_York.`;
    throw invalidRequest(detail, placed('querystring', '/time_zone', 'is no time zone that Postgres knows'));
  }
}
