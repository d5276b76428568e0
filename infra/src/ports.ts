import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { Service } from './catalogue.ts';

/** Where a port is to be had: taken ones are skipped. */
export type IsFree = (port: number) => Promise<boolean>;

/** Whether a server can listen on this port of 127.0.0.1 now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}

/** So many ports of 127.0.0.1, all different, on which nobody listens now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** A port that has to move, and where to. */
export interface Move {
  readonly setting: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Which settings have to change so that every service can listen. A port that is taken is replaced by the next free
 * one that no other service is meant to have; a range (the consumers') moves as a whole.
 *
 * @param starting the services about to be started
 * @param all every service there is: their ports are never given to another one
 * @param runs whether a service runs, by its name: it keeps its port, whatever one that is new would like to have
 */
export async function movesFor(
  starting: readonly Service[],
  all: readonly Service[],
  isFree: IsFree,
  runs: (name: string) => boolean = () => false,
): Promise<Move[]> {
  const reserved = new Map<number, string>();
  const wanted = rangesOf(all.toSorted((one, other) => Number(runs(other.name)) - Number(runs(one.name))));
  const moves: Move[] = [];
  const claim = (setting: string, from: number, count: number) => {
    for (let port = from; port < from + count; port += 1) reserved.set(port, setting);
  };
  for (const [setting, { from, count }] of wanted) {
    const clash = Array.from({ length: count }, (_, i) => reserved.get(from + i)).some((by) => by !== undefined);
    if (!clash) claim(setting, from, count);
  }
  for (const [setting, { from, count }] of rangesOf(starting)) {
    const usable = async (first: number) => {
      for (let port = first; port < first + count; port += 1) {
        if ((reserved.get(port) ?? setting) !== setting || !(await isFree(port))) return false;
      }
      return true;
    };
    const to = await firstPort(from, usable);
    if (to === from) continue;
    claim(setting, to, count);
    moves.push({ setting, from, to });
  }
  return moves;
}

/** A free port at or after `start` for what needs no well-known one; never one of `taken`, which it joins. */
export async function privatePort(start: number, taken: Set<number>): Promise<number> {
  const port = await firstPort(start, async (candidate) => !taken.has(candidate) && (await isPortFree(candidate)));
  taken.add(port);
  return port;
}

/** Below the range the kernel gives to outgoing connections, so that none of them sits on a port of ours. */
const HIGHEST = 32_000;

async function firstPort(start: number, usable: IsFree): Promise<number> {
  const end = start > HIGHEST ? 65_535 : HIGHEST;
  for (let port = start; port <= end; port += 1) if (await usable(port)) return port;
  throw new Error(`No port from ${start} to ${end} is free.`);
}

function rangesOf(services: readonly Service[]): Map<string, { from: number; count: number }> {
  const ranges = new Map<string, { from: number; count: number }>();
  for (const { setting, port } of services.flatMap((service) => service.listens)) {
    const known = ranges.get(setting);
    ranges.set(setting, { from: Math.min(port, known?.from ?? port), count: (known?.count ?? 0) + 1 });
  }
  return ranges;
}
