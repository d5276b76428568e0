import { MIMEType } from 'node:util';
import { charsetOf, type Charset } from './charset.ts';

/** What a content type says of a file. */
export interface FileType {
  readonly format?: 'csv' | 'ndjson';
  readonly delimiter?: string;
  readonly charset?: Charset;
  /** The name of a charset that is not known. */
  readonly unknownCharset?: string;
}

/**
 * What a type means. Those that mean little are looked into: browsers on Windows send CSV as the type of Excel, and
 * many programs as no type in particular.
 */
const TYPES: Readonly<Record<string, FileType>> = {
  'text/csv': { format: 'csv' },
  'application/csv': { format: 'csv' },
  'text/tab-separated-values': { format: 'csv', delimiter: '\t' },
  'application/x-ndjson': { format: 'ndjson' },
  'text/plain': {},
  'application/vnd.ms-excel': {},
  'application/gzip': {},
  'application/octet-stream': {},
};

/** The type of a form with a file in it. */
export const FORM = 'multipart/form-data';

/** The types that a body may have, other than of a form. */
export const FILE_TYPES: readonly string[] = Object.keys(TYPES);

/** Reads a content type, of a request or of a part of a form; of one that is none, nothing. */
export function fileTypeOf(contentType: string | undefined): FileType {
  const type = parsed(contentType);
  const name = type?.params.get('charset') ?? undefined;
  const charset = name === undefined ? undefined : charsetOf(name);
  return {
    ...TYPES[type?.essence ?? ''],
    ...(charset === undefined ? {} : { charset }),
    ...(name !== undefined && charset === undefined ? { unknownCharset: name } : {}),
  };
}

/** What separates the parts of a form; undefined for what is no form. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  const type = parsed(contentType);
  return type?.essence === FORM ? (type.params.get('boundary') ?? '') : undefined;
}

function parsed(contentType: string | undefined): MIMEType | undefined {
  try {
    return contentType === undefined ? undefined : new MIMEType(contentType);
  } catch {
    return undefined; // Fastify has refused what is no content type; that of a part of a form says nothing then.
  }
}
