import type { System } from '../../../api/answers.ts';
import type { Tone } from '../../../feedback/State.tsx';
import { count, counted } from '../../../format/number.ts';
import { duration } from '../../../format/time.ts';

/** The state of a system in a word or two. Pure. */
export function stateOf({ cursor, run }: System): { readonly tone: Tone; readonly words: string } {
  if (cursor === null) return { tone: 'bad', words: 'not known' };
  if (run !== null) {
    if (run.phase === 'waiting') return { tone: 'warning', words: 'run waits' };
    return run.phase === 'stopping'
      ? { tone: 'busy', words: 'stopping' }
      : { tone: 'busy', words: cursor.follow ? 'following' : 'running' };
  }
  if (cursor.interrupted) return { tone: 'warning', words: 'interrupted' };
  switch (cursor.status) {
    case 'ERROR':
      return { tone: 'bad', words: 'error' };
    case 'RUNNING':
      return { tone: 'busy', words: 'running elsewhere' };
    case 'FINISHED':
      return { tone: 'good', words: 'finished' };
    case 'IDLE':
      return { tone: 'calm', words: 'idle' };
  }
}

/** How much is still to be published. Pure. */
export function behindText({ behind }: System): string {
  if (behind === null) return '–';
  return behind.more ? `${count(behind.rows)} or more` : count(behind.rows);
}

/** How long the watermark is held, and by what. Pure. */
export function watermarkText({ watermark }: System): string {
  if (watermark === null) return '–';
  const { lag_seconds: lag, held_by: holder } = watermark;
  if (holder === null || lag < 1) return 'moves on';
  const since = `held for ${duration(lag * 1_000)}`;
  if (holder.kind === 'prepared') return `${since} by the prepared transaction ${holder.gid ?? '?'}`;
  const where = holder.database === null ? '' : ` in ${holder.database}`;
  return `${since} by process ${holder.pid ?? '?'} (${holder.application ?? 'no name'})${where}`;
}

/** What may be asked of a system as it stands. Pure. */
export function actionsOf({ cursor, run }: System) {
  const isRunning = run !== null || (cursor?.status === 'RUNNING' && !cursor.interrupted);
  const isError = cursor?.status === 'ERROR';
  return {
    run: !isRunning && !isError,
    stop: isRunning,
    unblock: isError,
    clear: !isRunning && cursor !== null && cursor.status !== 'IDLE',
  };
}

/** What clearing a cursor means for this system. Pure. */
export function clearingText({ name, cursor }: System): string {
  const published = counted(cursor?.published_count ?? 0, 'published message');
  return `The cursor of ${name} is forgotten (${published}). The next run publishes every row again. Orders that are at rest are recognised: nothing is stored or attempted twice, it only takes time.`;
}

/** Which processes serve the API of a system, where there are several, and which of them has its run. Pure. */
export function apisText({ apis }: System): string {
  return apis
    .map(
      ({ name, state, holds_run: holds }) =>
        `${name}${holds ? ' has the run' : ''}${state === 'up' ? '' : ` (${state})`}`,
    )
    .join(', ');
}
