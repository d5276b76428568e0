import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

/** A verifying service that can be broken and mended. */
export interface Service {
  readonly url: string;
  /** While it is broken, negative orders are dead letters at once. Afterwards every order passes. */
  isMended: boolean;
  close(): Promise<void>;
}

/** Starts one: it lets positive orders pass, and refuses the others until it is mended. */
export async function startService(): Promise<Service> {
  const service = { url: '', isMended: false, close };
  const server = createServer((request, response) => {
    void json(request).then((message) => {
      const { order } = message as { order: { security_check: boolean } };
      const passes = order.security_check || service.isMended;
      response.writeHead(passes ? 200 : 422, { 'content-type': 'application/json' });
      response.end(passes ? '{}' : '{"code":"not-paid","message":"<b>Nobody</b> has paid for it."}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  service.url = `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
  return service;

  async function close(): Promise<void> {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}
