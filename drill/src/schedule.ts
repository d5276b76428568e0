import type { Chance } from './chance.ts';
import type { Fault, LinkName } from './faults.ts';

/** One fault and the time before it, in milliseconds after the one before it on its track has passed. */
export interface Step {
  readonly afterMs: number;
  readonly fault: Fault;
}

/** Faults that come one after the other. Tracks run side by side, so faults of different tracks overlap. */
export interface Track {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** What there is to break, and how often. */
export interface Plan {
  /** How often each process is killed, and how often it is stopped. */
  readonly kills: number;
  /** How long each server is out, once, in milliseconds. */
  readonly outageMs: number;
  readonly processes: readonly string[];
  readonly servers: readonly string[];
  readonly links: readonly LinkName[];
  /** A process that holds a lease is stopped for longer than this, in milliseconds, once. */
  readonly leaseMs: number;
}

/** The faults of a drill. Pure: the same plan and chance give the same schedule. */
export function schedule(plan: Plan, chance: Chance): Track[] {
  const tracks = [
    ...plan.processes.map((process) => ({ name: process, faults: processFaults(process, plan, chance.fork(process)) })),
    ...serverTracks(plan, chance.fork(SERVERS)),
    { name: 'network', faults: networkFaults(plan, chance.fork('network')) },
    { name: 'messages', faults: messageFaults(plan, chance.fork('messages')) },
  ];
  return tracks.map(({ name, faults }) => {
    const gaps = chance.fork(`gaps of ${name}`);
    const longestMs = name.startsWith(SERVERS) ? BREATHER_MS : longestGap(plan, faults.length);
    return { name, steps: faults.map((fault) => ({ afterMs: gaps.between(200, longestMs), fault })) };
  });
}

const SERVERS = 'servers';
const SERVER_TRACKS = 2;
const LONGEST_GAP_MS = 2_500;
/** Between two faults of servers orders flow, so that the next one finds work. */
const BREATHER_MS = 6_000;

/** The servers' outages last longest: everything else is spread over their time, half of it waiting for a moment. */
function longestGap({ servers, outageMs }: Plan, faults: number): number {
  const lastsMs = (outageMs * servers.length) / SERVER_TRACKS;
  return Math.max(LONGEST_GAP_MS, Math.round(lastsMs / faults));
}

function processFaults(process: string, { kills, leaseMs }: Plan, chance: Chance): Fault[] {
  const faults = Array.from({ length: kills }, (_, n): Fault[] => [
    { kind: 'kill', process },
    // Once for longer than its lease: another run takes over, and the first one wakes up.
    { kind: 'freeze', process, ms: n === 0 ? leaseMs + chance.between(500, 2_000) : chance.between(300, 2_500) },
  ]);
  return chance.shuffled(faults.flat());
}

/** Each server killed once and out once; on two tracks, so that two may be away at the same time. */
function serverTracks({ servers, outageMs }: Plan, chance: Chance): { name: string; faults: Fault[] }[] {
  const kills = servers.map((server): Fault => ({ kind: 'server-kill', server }));
  const outages = servers.map((server): Fault => ({
    kind: 'outage',
    server,
    how: chance.percent(50) ? 'killed' : 'in order',
    ms: outageMs,
  }));
  const [first, second] = [chance.shuffled(outages), chance.shuffled(kills)];
  return Array.from({ length: SERVER_TRACKS }, (_, track) => ({
    name: `${SERVERS} ${track + 1}`,
    faults: chance.shuffled([...first, ...second].filter((__, i) => i % SERVER_TRACKS === track)),
  }));
}

/** Each link is cut or half-open at least once; more with every further kill of the processes. */
function networkFaults({ links, kills }: Plan, chance: Chance): Fault[] {
  const rounds = 1 + Math.floor(kills / 5);
  return Array.from({ length: rounds }, () => chance.shuffled(links))
    .flat()
    .map((link) =>
      chance.percent(60)
        ? { kind: 'cut', link, ms: chance.between(0, 2_000) }
        : { kind: 'hole', link, ms: chance.between(200, 1_500) },
    );
}

function messageFaults({ kills }: Plan, chance: Chance): Fault[] {
  const some = Array.from({ length: Math.max(2, kills) }, (): Fault[] => [
    { kind: 'copies', count: chance.between(20, 200) },
    { kind: 'poison', count: chance.between(3, 20) },
  ]);
  const rare = Array.from({ length: 1 + Math.floor(kills / 4) }, (): Fault[] => [
    { kind: 'flush' },
    { kind: 'refusal', ms: chance.between(500, 2_000) },
  ]);
  return chance.shuffled([...some, ...rare].flat());
}
