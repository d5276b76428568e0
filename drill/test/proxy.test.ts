import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { patient } from '@esteira/tests/patience';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FrameTap, Unsettled } from '../src/amqp-tap.ts';
import { openProxy } from '../src/proxy.ts';

/** A method frame as it stands on the wire. */
function frame(channel: number, classId: number, methodId: number, args: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(11);
  head.writeUInt8(1, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(4 + args.length, 3);
  head.writeUInt16BE(classId, 7);
  head.writeUInt16BE(methodId, 9);
  return Buffer.concat([head, args, Buffer.from([0xce])]);
}

function content(channel: number, bytes: number): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt8(3, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(bytes, 3);
  return Buffer.concat([head, Buffer.alloc(bytes, 1), Buffer.from([0xce])]);
}

const tag = (n: number, multiple = false) => {
  const args = Buffer.alloc(9);
  args.writeBigUInt64BE(BigInt(n));
  args[8] = Number(multiple);
  return args;
};
const deliver = (n: number) => frame(1, 60, 60, Buffer.concat([Buffer.from([3]), Buffer.from('ctg'), tag(n)]));
const ack = (n: number, multiple = false) => frame(1, 60, 80, tag(n, multiple));
const select = frame(2, 85, 10);
const publish = frame(2, 60, 40);
const confirm = (n: number, multiple = false) => frame(2, 60, 80, tag(n, multiple));
const HEADER = Buffer.from('AMQP\0\0\x09\x01');

function tapped() {
  const unsettled = new Unsettled();
  const client = new FrameTap((...method) => {
    unsettled.fromClient(...method);
  }, 'client');
  const broker = new FrameTap((...method) => {
    unsettled.fromBroker(...method);
  }, 'broker');
  client.take(HEADER);
  return { unsettled, client, broker };
}

describe('what a connection has not settled', () => {
  it('is what was delivered and not acked, one by one or up to a tag', () => {
    const { unsettled, client, broker } = tapped();
    for (const n of [1, 2, 3, 4, 5]) broker.take(Buffer.concat([deliver(n), content(1, 700)]));
    expect(unsettled.deliveries).toBe(5);
    client.take(ack(4));
    expect(unsettled.deliveries).toBe(4);
    client.take(ack(3, true));
    expect(unsettled.deliveries).toBe(1);
    client.take(ack(0, true));
    expect(unsettled.deliveries).toBe(0);
  });

  it('is what was published and not confirmed, where confirms were asked for', () => {
    const { unsettled, client, broker } = tapped();
    client.take(frame(1, 60, 40));
    expect(unsettled.publishes).toBe(0);
    client.take(Buffer.concat([select, publish, content(2, 10), publish, publish]));
    expect(unsettled.publishes).toBe(3);
    broker.take(confirm(2, true));
    expect(unsettled.publishes).toBe(1);
    client.take(frame(2, 20, 40));
    expect(unsettled.publishes).toBe(0);
  });

  it('is counted alike wherever the chunks of the stream end', () => {
    const stream = Buffer.concat([1, 2, 3].flatMap((n) => [deliver(n), content(1, n * 400)]));
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 30 }), (cuts) => {
        const { unsettled, broker } = tapped();
        const borders = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
        for (const [i, from] of borders.entries()) broker.take(stream.subarray(from, borders[i + 1] ?? from));
        expect(unsettled.deliveries).toBe(3);
      }),
    );
  });
});

describe('a link', () => {
  async function linked() {
    const sockets: Socket[] = [];
    const echo = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined).pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const proxy = await openProxy((echo.address() as AddressInfo).port, { amqp: false });
    onTestFinished(async () => {
      await proxy.close();
      echo.close();
    });
    const dial = async () => {
      const socket = connect(proxy.port, '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      let heard = '';
      socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
      return { socket, heard: () => heard };
    };
    return { proxy, dial, sockets };
  }

  it('passes everything on, both ways', async () => {
    const { dial } = await linked();
    const { socket, heard } = await dial();
    socket.write('hello');
    await vi.waitFor(() => {
      expect(heard()).toBe('hello');
    }, patient);
  });

  it('that is cut resets its connections and takes no new ones until it passes again', async () => {
    const { proxy, dial } = await linked();
    const { socket } = await dial();
    proxy.become('cut');
    await vi.waitFor(() => {
      expect(socket.destroyed).toBe(true);
    }, patient);
    const refused = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
    await vi.waitFor(() => {
      expect(refused.destroyed).toBe(true);
    }, patient);
    proxy.become('passes');
    const { socket: again, heard } = await dial();
    again.write('back');
    await vi.waitFor(() => {
      expect(heard()).toBe('back');
    }, patient);
  });

  it('that is a hole never answers again, tells nobody, and lets new connections pass afterwards', async () => {
    const { proxy, dial, sockets } = await linked();
    const { socket, heard } = await dial();
    socket.write('one');
    await vi.waitFor(() => {
      expect(heard()).toBe('one');
    }, patient);
    proxy.become('hole');
    socket.write('two');
    sockets[0]?.destroy();
    proxy.become('passes');
    const fresh = await dial();
    fresh.socket.write('three');
    await vi.waitFor(() => {
      expect(fresh.heard()).toBe('three');
    }, patient);
    expect([heard(), socket.destroyed]).toEqual(['one', false]);
  });
});
