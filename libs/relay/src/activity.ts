/** What a run does right now, for people. */
export interface ActivityView {
  readonly phase: 'starting' | 'publishing' | 'waiting' | 'following' | 'stopping';
  /** Over the last seconds. */
  readonly publishedPerSecond?: number;
  /** Why nothing moves, for example `the broker: connect ECONNREFUSED 127.0.0.1:5672`. */
  readonly waitingFor?: string;
}

const WINDOW_MS = 5_000;

/** Keeps what a run does. Times are milliseconds of any steady clock. */
export interface Activity {
  phase(phase: 'publishing' | 'following' | 'stopping'): void;
  /** Something holds the run up, until `available` is said of the same thing. */
  waitFor(what: string, description: string): void;
  available(what: string): void;
  published(count: number): void;
  perSecond(): number;
  view(): ActivityView;
}

/**
 * The activity of a run that starts. `blocked` tells why the place it publishes to takes nothing, while it doesn't.
 */
export function startActivity(now: () => number, blocked: () => string | undefined = () => undefined): Activity {
  let current: ActivityView['phase'] = 'starting';
  const waits = new Map<string, string>();
  let samples: { readonly at: number; readonly count: number }[] = [];
  const startedAt = now();
  const perSecond = () => {
    const at = now();
    samples = samples.filter((sample) => sample.at > at - WINDOW_MS);
    const count = samples.reduce((sum, sample) => sum + sample.count, 0);
    return Math.round((count * 1_000) / Math.max(1, Math.min(WINDOW_MS, at - startedAt)));
  };
  return {
    phase: (phase) => (current = phase),
    waitFor: (what, description) => waits.set(what, description),
    available: (what) => waits.delete(what),
    published: (count) => samples.push({ at: now(), count }),
    perSecond,
    view() {
      const reason = blocked();
      const waitingFor = [...waits.values(), ...(reason === undefined ? [] : [reason])].join('; ');
      return {
        phase: waitingFor === '' || current === 'stopping' ? current : 'waiting',
        publishedPerSecond: perSecond(),
        ...(waitingFor === '' ? {} : { waitingFor }),
      };
    },
  };
}
