/** A link from one process to one server. */
export interface LinkName {
  readonly process: string;
  readonly server: string;
}

/** What the drill does to a running pipeline. Durations are in milliseconds. */
export type Fault =
  /** kill -9 of a process that has unsettled work. */
  | { readonly kind: 'kill'; readonly process: string }
  /** SIGSTOP of a process that has unsettled work, SIGCONT afterwards. */
  | { readonly kind: 'freeze'; readonly process: string; readonly ms: number }
  /** kill -9 of a server; it is started again at once. */
  | { readonly kind: 'server-kill'; readonly server: string }
  /** A server that is away for a while. */
  | { readonly kind: 'outage'; readonly server: string; readonly how: 'in order' | 'killed'; readonly ms: number }
  /** Connections are reset, and refused for a while. */
  | { readonly kind: 'cut'; readonly link: LinkName; readonly ms: number }
  /** Nothing passes any more, and nobody is told: connections of before never answer again. */
  | { readonly kind: 'hole'; readonly link: LinkName; readonly ms: number }
  /** The broker refuses what should wait for a retry. */
  | { readonly kind: 'refusal'; readonly ms: number }
  /** Copies of messages are published again. */
  | { readonly kind: 'copies'; readonly count: number }
  /** Messages that nobody can read. */
  | { readonly kind: 'poison'; readonly count: number }
  /** Redis is emptied. */
  | { readonly kind: 'flush' };

/** A fault in a few words, for people. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
      return `kill -9 of ${fault.process}`;
    case 'freeze':
      return `SIGSTOP of ${fault.process} for ${seconds(fault.ms)}`;
    case 'server-kill':
      return `kill -9 of ${fault.server}`;
    case 'outage':
      return `${fault.server} out for ${seconds(fault.ms)} (${fault.how === 'killed' ? 'kill -9' : 'stopped in order'})`;
    case 'cut':
      return `network cut between ${fault.link.process} and ${fault.link.server} for ${seconds(fault.ms)}`;
    case 'hole':
      return `half-open connection between ${fault.link.process} and ${fault.link.server} for ${seconds(fault.ms)}`;
    case 'refusal':
      return `retries refused by the broker for ${seconds(fault.ms)}`;
    case 'copies':
      return `${fault.count} messages delivered twice`;
    case 'poison':
      return `${fault.count} poison messages`;
    case 'flush':
      return 'Redis emptied';
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
