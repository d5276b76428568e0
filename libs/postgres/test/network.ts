import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A network that can stop carrying bytes without closing anything, as a pulled cable does. */
export async function networkTo(url: string) {
  const { hostname, port } = new URL(url);
  let isSilent = false;
  let lost = '';
  const connections = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.on('data', (bytes: Buffer) => (isSilent ? (lost += bytes.toString('latin1')) : far.write(bytes)));
    far.on('data', (bytes) => isSilent || near.write(bytes));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      connections.add(one);
      one.on('error', () => one.destroy());
      one.on('close', () => {
        connections.delete(one);
        other.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const each of connections) each.destroy();
    server.close();
  });
  const through = new URL(url);
  through.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: through.href,
    fallSilent: () => (isSilent = true),
    /** What was said into the silence. */
    lost: () => lost,
    /** New connections are carried again; those that were cut stay silent for good. */
    mend: () => {
      for (const each of connections) each.removeAllListeners('data');
      isSilent = false;
    },
    /** Ends every connection. */
    cut: () => {
      for (const each of connections) each.destroy();
    },
    open: () => connections.size / 2,
  };
}
