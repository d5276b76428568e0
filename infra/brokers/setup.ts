import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { PrivateBroker } from './private-broker.ts';
import { rootOf } from './root.ts';
import { suiteOf } from './suites.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /**
     * Where a test can have the broker of this run killed (`POST /kill`) and started again (`POST /start`), ask whether a
     * new queue would survive that (`POST /on-disc/<queue>`: 204 or 404), and set a number that the running broker is
     * configured with (`POST /configure/<name>/<number>`).
     */
    brokerControl: string;
  }
}

const report = (line: string) => {
  console.log(`broker: ${line}`);
};

/** A broker of the suite that `BROKER_SUITE` names, for one run of the tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const suite = suiteOf(process.env['BROKER_SUITE'] ?? '');
  const broker = await PrivateBroker.in(await rootOf(suite, report));
  const control = createControl(broker);
  const stop = async () => {
    control.close();
    await broker.remove();
  };
  try {
    await broker.start();
    const version = await broker.version();
    report(`RabbitMQ ${version} of Debian ${suite.name}`);
    if (!suite.isExpected(version))
      throw new Error(`Debian ${suite.name} has RabbitMQ ${version}, not ${suite.expects}.`);
    const port = await listening(control);
    project.provide('brokerControl', `http://127.0.0.1:${port}`);
    project.provide('env', { RABBITMQ_URL: broker.url, RABBITMQ_MANAGEMENT_URL: broker.managementUrl });
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** Tests run in processes of their own; the broker belongs to this one. */
function createControl(broker: PrivateBroker): Server {
  const act = async (path: string): Promise<number> => {
    const [, command, name = '', value = ''] = path.split('/');
    if (command === 'on-disc') return broker.hasOnDisc(decodeURIComponent(name)) ? 204 : 404;
    if (command === 'configure') await broker.configureRunning(name, Number(value));
    else if (command === 'kill') await broker.kill();
    else await broker.start();
    return 204;
  };
  return createServer((request, response) => {
    act(request.url ?? '').then(
      (status) => response.writeHead(status).end(),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
