/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters -- a test says what it expects to be answered */
import type { Pipeline } from '@esteira/tests/support';

/** The console of a pipeline, asked over HTTP. */
export function askConsole(pipeline: Pipeline) {
  const ask = async <T>(method: string, path: string, payload?: unknown) => {
    const body = payload === undefined ? {} : { body: JSON.stringify(payload) };
    const headers = { ...(payload === undefined ? {} : { 'content-type': 'application/json' }) };
    const response = await fetch(`${pipeline.console.url}${path}`, { method, headers, ...body });
    return { status: response.status, headers: response.headers, body: (await response.json()) as T };
  };
  return {
    get: <T>(path: string) => ask<T>('GET', path),
    post: <T>(path: string, payload?: unknown) => ask<T>('POST', path, payload),
    put: <T>(path: string, payload?: unknown) => ask<T>('PUT', path, payload),
  };
}
