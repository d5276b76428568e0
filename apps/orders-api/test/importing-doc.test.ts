import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from './importing.ts';
import { ordersIn, ownApi, type OwnApi } from './support.ts';

const FILES = join(import.meta.dirname, 'files');
const document = readFileSync(join(import.meta.dirname, '../../../docs/importing.md'), 'utf8');

/** A command of the document, and what follows it up to the next one. */
const examples = [...document.matchAll(/^```sh\n(curl [^`]*)```\n((?:(?!^```sh\n)[^])*)/gm)].map(
  ([, command = '', after = '']) => {
    const before = document.slice(0, document.indexOf(command)).split('\n## ').at(-1) ?? '';
    const [heading = ''] = before.split('\n', 1);
    const [url = '', ...options] = argumentsOf(command);
    return { title: `${heading}: ${url.split('?')[1] ?? ''}`, url, options, after };
  },
);

/** What curl is called with: the shell takes the command apart. `-X POST` and the address come first. */
function argumentsOf(command: string): string[] {
  const script = `curl() { printf '%s\\0' "$@"; }; ${command}`;
  const words = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      request: { type: 'string', short: 'X' },
      header: { type: 'string', short: 'H', multiple: true },
      form: { type: 'string', short: 'F' },
      'data-binary': { type: 'string' },
    },
  });
  expect([values.request, positionals.length]).toEqual(['POST', 1]);
  const headers = values.header ?? [];
  return [positionals[0] ?? '', values.form ?? '', values['data-binary'] ?? '', ...headers];
}

let api: OwnApi;
beforeAll(async () => {
  api = await ownApi();
});
afterAll(() => api.drop());
beforeEach(() => api.postgres.query('truncate orders'));

/** Sends what curl would. */
async function run(url: string, [form = '', data = '', ...headers]: readonly string[]) {
  const file = readFileSync(join(FILES, (form || data).replace(/^.*@/, '')));
  const body = new FormData();
  body.set(form.split('=')[0] ?? '', new Blob([file]), 'file');
  const response = await fetch(url.replace('http://127.0.0.1:8001', api.url), {
    method: 'POST',
    headers: headers.map((header) => header.split(/: (.*)/, 2) as [string, string]),
    body: form === '' ? file : body,
  });
  return { status: response.status, answer: (await response.json()) as Answer };
}

const cellsOf = (after: string) =>
  after
    .split('\n## ')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) => line.slice(2, -2).split(' | '));

describe('docs/importing.md', () => {
  it('has an example of each file', () => {
    const used = examples.map(({ options: [form = '', data = ''] }) => (form || data).replace(/^.*@/, ''));
    const files = readdirSync(FILES).filter((name) => !name.startsWith('.'));
    expect([...new Set(used)].sort()).toEqual(files.sort());
  });

  it.each(examples)('$title is true: the file comes in as it says', async ({ url, options, after }) => {
    const { status, answer } = await run(url, options);
    const json = /^```json\n([^`]*)```/m.exec(after)?.[1];
    if (json !== undefined) {
      expect([status, answer]).toEqual([200, JSON.parse(json)]);
      expect(await ordersIn(api.postgres)).toEqual([]);
      return;
    }
    expect(status).toBe(201);
    const stored = (await ordersIn(api.postgres)).map((order) => {
      return [order.product, order.price, order.created_at, order.security_check ? 'yes' : 'no'];
    });
    expect(stored).toEqual(cellsOf(after));
    const section = after.split('\n## ')[0] ?? '';
    const refused = [...section.matchAll(/^- line (\d+): (.*)$/gm)].map(([, line, reason]) => [Number(line), reason]);
    expect(answer.refused.rows.map(({ line, reason }) => [line, reason])).toEqual(refused);
    expect(answer.imported).toBe(stored.length);
  });
});
