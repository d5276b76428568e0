import { Readable } from 'node:stream';
import type { OwnApi } from './support.ts';

export const IMPORT = '/v0/orders/import';

/** What an import answers, or a problem. */
export interface Answer {
  import_id: string;
  imported: number;
  positive: number;
  negative: number;
  refused: {
    count: number;
    rows: { line: number; reason: string }[];
    reasons: { rule: string; count: number; line: number; reason: string }[];
  };
  code?: string;
  detail?: string;
}

/** How a file is sent, beside its bytes. */
export interface Sent {
  readonly query?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly key?: string;
  /** Where it is cut into chunks; a number beyond its end is taken modulo its length. */
  readonly cuts?: readonly number[];
}

/** Sends a file to an API. */
export async function send({ app }: OwnApi, file: string | Buffer, { query = {}, type, key, cuts = [] }: Sent = {}) {
  const response = await app.inject({
    method: 'POST',
    url: `${IMPORT}?${new URLSearchParams(query).toString()}`,
    headers: { 'content-type': type ?? 'text/csv', ...(key === undefined ? {} : { 'idempotency-key': key }) },
    payload: Readable.from(cut(Buffer.from(file), cuts)),
  });
  return { status: response.statusCode, body: response.json<Answer>() };
}

/** Bytes in chunks, of which none is empty. */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end)).filter(({ length }) => length > 0);
}

export const BOUNDARY = 'a-line-that-no-file-has';
export const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

/** A form as a browser sends it. */
export function form(...parts: readonly { name: string; content: string | Buffer; headers?: string }[]): Buffer {
  const pieces = parts.flatMap(({ name, content, headers = '' }) => [
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${headers}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}
