import { patient } from '@esteira/tests/patience';
import { expect, it, vi } from 'vitest';
import { Drain } from '../src/types/http/body.ts';
import { connect } from '../src/types/http/connection.ts';
import { Exchange } from '../src/types/http/exchange.ts';
import { faultOf } from '../src/types/http/why.ts';
import { startTcp } from './types-support.ts';

/** What is said of an exchange whose time ends now. */
async function whyTimedOut(exchange: Exchange): Promise<string> {
  exchange.timeOut(5_000);
  const failure = await exchange.answer.then(
    () => new Error('It was answered.'),
    (error: unknown) => error as Error,
  );
  const { why, reason } = faultOf(failure)!;
  return `${why}: ${reason}`;
}

it('says what an exchange waited for when its time was over', async () => {
  const controller = { aborted: false, paused: false, reason: null, ...{ abort() {}, pause() {}, resume() {} } };
  const exchange = (): Exchange => new Exchange(new Drain(1));
  expect(await whyTimedOut(exchange())).toBe('timeout: There was no connection within 5000 ms.');
  const { port, stop } = await startTcp(() => undefined);
  const opening = connect({ hostname: '127.0.0.1', protocol: 'https:', port: String(port) }, () => undefined);
  const connecting = exchange();
  connecting.opened(opening);
  await vi.waitFor(() => {
    expect(opening.opening).toBe('the handshake');
  }, patient);
  expect(await whyTimedOut(connecting)).toBe('timeout: The TLS handshake was not done within 5000 ms.');
  await stop();
  const asked = exchange();
  asked.onRequestStart(controller);
  expect(await whyTimedOut(asked)).toBe('timeout: There was no answer within 5000 ms.');
  const answered = exchange();
  answered.onRequestStart(controller);
  answered.onResponseStart(controller, 200, {});
  expect(await whyTimedOut(answered)).toBe('timeout: The answer was not whole within 5000 ms.');
});

it('blames no site for what this machine lacks', () => {
  const coded = (code: string) => faultOf(Object.assign(new Error('x'), { code }));
  expect(['EMFILE', 'EADDRNOTAVAIL', 'ENOBUFS'].map(coded)).toEqual([undefined, undefined, undefined]);
  expect(coded('CERT_HAS_EXPIRED')).toEqual({ why: 'tls', reason: 'CERT_HAS_EXPIRED: x' });
  expect(coded('HPE_INVALID_CONSTANT')?.why).toBe('protocol');
  expect(faultOf(new AggregateError([Object.assign(new Error('y'), { code: 'ENETUNREACH' })], 'x'))?.why).toBe(
    'unreachable',
  );
});
