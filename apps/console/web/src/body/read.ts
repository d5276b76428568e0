/** What a body's bytes are. */
export type ReadBody =
  | { readonly kind: 'json'; readonly text: string; readonly value: object }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/** A body as the server sends it: text, or base64 where its bytes are none. */
export interface SentBody {
  readonly encoding: 'utf-8' | 'base64';
  readonly content: string;
}

/** The bytes as they travelled. Pure. */
export const bytesOf = ({ encoding, content }: SentBody): Uint8Array =>
  encoding === 'utf-8'
    ? new TextEncoder().encode(content)
    : Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));

/** Tells JSON from text from mere bytes. Numbers a JavaScript number can't hold stay whole in `text` only. Pure. */
export function readBody(bytes: Uint8Array): ReadBody {
  const text = textOf(bytes);
  if (text === undefined) return { kind: 'bytes', bytes };
  const value = jsonOf(text);
  return typeof value === 'object' && value !== null ? { kind: 'json', text, value } : { kind: 'text', text };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // Control characters are nothing that a person reads.
    // eslint-disable-next-line no-control-regex
    return /[\u0000-\u0008\u000e-\u001f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** The value of a JSON text; undefined where it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const WIDTH = 16;

/** The classic dump: offset, bytes, what is printable. A large body is cut. Pure. */
export function hexDump(bytes: Uint8Array, most = 4_096): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, most); at += WIDTH) {
    const part = [...bytes.subarray(at, Math.min(at + WIDTH, most))];
    const hex = part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const letters = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(WIDTH * 3 - 1)}  ${letters}`);
  }
  if (bytes.length > most) lines.push(`… and ${bytes.length - most} bytes more`);
  return lines.join('\n');
}

/** JSON as a person reads it, its numbers and the order of its names untouched; the text itself where it is no JSON. */
export function indented(text: string): string {
  const reviver = (_name: string, value: unknown, context?: { source?: string }) =>
    // `rawJSON` keeps the digits of a number as they were written.
    typeof value === 'number' && context?.source !== undefined && rawJson !== undefined
      ? rawJson(context.source)
      : value;
  try {
    return JSON.stringify(JSON.parse(text, reviver), undefined, 2);
  } catch {
    return text;
  }
}

const rawJson = (JSON as { rawJSON?: (text: string) => unknown }).rawJSON;
