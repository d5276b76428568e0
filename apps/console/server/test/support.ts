/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters -- a test says what it expects to be answered */
import type { Pipeline } from '@esteira/tests/support';

/** The console of a pipeline, asked over HTTP. */
export const askConsole = (pipeline: Pipeline) => consoleAt(pipeline.console.url);

/** A console, asked by the owner of a key. */
export function consoleAt(url: string, key?: string) {
  const ask = async <T>(method: string, path: string, payload?: unknown) => {
    const body = payload === undefined ? {} : { body: JSON.stringify(payload) };
    const headers = {
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    };
    const response = await fetch(`${url}${path}`, { method, headers, ...body });
    return { status: response.status, headers: response.headers, body: (await response.json()) as T };
  };
  return {
    get: <T>(path: string) => ask<T>('GET', path),
    post: <T>(path: string, payload?: unknown) => ask<T>('POST', path, payload),
    put: <T>(path: string, payload?: unknown) => ask<T>('PUT', path, payload),
  };
}
