import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger, redacted } from '../src/index.ts';

const URL_WITH_SECRET = 'postgres://esteira:hush-hush@db:5432/endput';

/** What a logger writes of an object, read back. */
function logged(given: object, text = 'went wrong'): { line: string; read: Record<string, unknown> } {
  let line = '';
  const logger = createLogger({ name: 'test', level: 'info', destination: { write: (written) => (line += written) } });
  logger.warn(given, text);
  return { line, read: JSON.parse(line) as Record<string, unknown> };
}

describe('a line of the log has no secret', () => {
  const cause = new Error(`refused by ${URL_WITH_SECRET}`);
  const withConfig = Object.assign(new Error('failed'), {
    config: {
      url: URL_WITH_SECRET,
      nested: { password: 'hush-hush', headers: { authorization: 'Basic aHVzaC1odXNo' } },
    },
  });
  const rawHeaders = Object.assign(new Error('failed'), { sent: ['authorization', 'Bearer hush-hush-token'] });

  it.each([
    ['the message of an error', new Error(`no way to ${URL_WITH_SECRET}`)],
    ['what a driver hangs on its error', withConfig],
    ['the cause of a cause', new Error('outer', { cause: new Error('middle', { cause }) })],
    ['the errors of an AggregateError', new AggregateError([cause, new AggregateError([withConfig])], 'all of them')],
    ['a list of headers', rawHeaders],
  ])('in %s', (_, err) => {
    const { line, read } = logged({ err });
    expect(line).not.toContain('hush-hush');
    expect(line).not.toContain('aHVzaC1odXNo');
    expect(read['err']).toMatchObject({ message: expect.any(String) as string });
  });

  it('in a field or in its text', () => {
    const { line, read } = logged({ url: URL_WITH_SECRET, apiKey: 'hush-hush' }, `lost ${URL_WITH_SECRET}`);
    expect(line).not.toContain('hush-hush');
    expect(read).toMatchObject({
      url: 'postgres://esteira:***@db:5432/endput',
      apiKey: '[redacted]',
      msg: 'lost postgres://esteira:***@db:5432/endput',
    });
  });
});

it('a line of the log stays JSON with the same members, whatever is in it', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.constant('http://x'), fc.webUrl())), (given) => {
      const read = JSON.parse(redacted(JSON.stringify(given))) as object;
      expect(Object.keys(read)).toEqual(Object.keys(JSON.parse(JSON.stringify(given)) as object));
    }),
  );
  const apart = JSON.stringify({ one: 'http://host', two: ': me@there' });
  expect(redacted(apart)).toBe(apart);
});
