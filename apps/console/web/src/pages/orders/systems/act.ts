import { answerOf, api } from '../../../api/client.ts';

export type SystemAction = 'run' | 'follow' | 'stop' | 'unblock' | 'clear';

/** Does it, and gives a sentence that says what was done. Rejects with a `Problem`. */
export async function actOn(system: string, action: SystemAction): Promise<string> {
  const params = { path: { system } };
  switch (action) {
    case 'run':
      await answerOf(api.POST('/v0/pipelines/orders/systems/{system}/run', { params, body: {} }));
      return `${system} is being published.`;
    case 'follow':
      await answerOf(api.POST('/v0/pipelines/orders/systems/{system}/run', { params, body: { follow: true } }));
      return `${system} is published as its rows come, until it is stopped.`;
    case 'stop': {
      const answer = await answerOf(api.POST('/v0/pipelines/orders/systems/{system}/stop', { params }));
      return 'stopping' in answer
        ? `${system} was asked to stop, and takes a while: its card shows when it has.`
        : `The run of ${system} stops.`;
    }
    case 'unblock':
      await answerOf(api.POST('/v0/pipelines/orders/systems/{system}/unblock', { params }));
      return `${system} may be run again.`;
    case 'clear':
      await answerOf(api.POST('/v0/pipelines/orders/systems/{system}/clear', { params, body: { confirm: system } }));
      return `The cursor of ${system} is cleared: the next run publishes everything again.`;
  }
}
