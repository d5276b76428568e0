import { readFileSync } from 'node:fs';

/** What a file holds that `NAME_FILE` names, or why that is no value. */
export type FileValue = { readonly value: string } | { readonly problem: string };

/** Reads the value of `name` from a file: UTF-8 with or without a byte order mark; space around it is no part of it. */
export function readSecretFile(name: string, file: string): FileValue {
  const bytes = bytesOf(file);
  if (!(bytes instanceof Uint8Array)) return { problem: `${name}_FILE names a file that ${bytes}: ${shown(file)}` };
  const value = textOf(bytes);
  if (value === undefined) {
    return {
      problem: `${name}_FILE names a file that is not text in UTF-8 (PowerShell: -Encoding utf8): ${shown(file)}`,
    };
  }
  return value === '' ? { problem: `${name}_FILE names a file that is empty: ${shown(file)}` } : { value };
}

/**
 * A path as it may be shown. Who takes `NAME_FILE` for `NAME` has written the secret itself there: what is no plain
 * path is left out.
 */
export function shown(file: string): string {
  return /^\.{0,2}\/[\w./ -]*$/.test(file) ? file : '(not shown: neither /… nor ./…)';
}

/** The bytes, or what is the matter with the file. */
function bytesOf(file: string): Uint8Array | string {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'is not there' : `can't be read (${code})`;
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    // The decoder drops the mark of UTF-8; one of UTF-16 is no UTF-8, and without a mark it has NULs.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text.trim();
  } catch {
    return undefined; // Not UTF-8; whoever asks says so.
  }
}
