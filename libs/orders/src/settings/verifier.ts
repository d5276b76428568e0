import { HTTP_URL, settingsPart } from '@esteira/config';
import { Type } from 'typebox';

/** Who decides about an order. */
export const verifierSettings = settingsPart({
  properties: {
    VERIFIER: Type.Enum(['simulated', 'http', 'module'], {
      default: 'simulated',
      description:
        'Who decides about an order: the built-in failure simulation, a service (VERIFIER_URL), or a TypeScript or JavaScript file (VERIFIER_MODULE).',
    }),
    VERIFIER_URL: Type.String({
      default: '',
      description:
        'For VERIFIER=http: each message is sent here by POST. 2xx is a success, 400 and 422 a dead letter at once, anything else or a time-out a retry; Retry-After is honoured up to the longest wait. While the service is plainly down, or answers every message that it is the wrong address, method or user, nothing is consumed and no attempt is spent. No redirect is followed. User and password in it are sent as basic authentication.',
    }),
    VERIFIER_CONCURRENCY: Type.Integer({
      default: 32,
      minimum: 1,
      maximum: 1_024,
      description: 'For VERIFIER=http: the most requests that one consumer has open at once.',
    }),
    VERIFIER_MODULE: Type.String({
      default: '',
      description:
        'For VERIFIER=module: the path of a file that exports verify(message, context), as examples/verifier.ts does. It runs in worker threads: a loop, a crash or an exit in it costs one attempt of one message.',
    }),
    VERIFIER_THREADS: Type.Integer({
      default: 2,
      minimum: 1,
      maximum: 64,
      description: 'For VERIFIER=module: worker threads of one consumer. Each runs one attempt at a time.',
    }),
    VERIFIER_MEMORY_MB: Type.Integer({
      default: 256,
      minimum: 16,
      maximum: 16_384,
      description: 'For VERIFIER=module: the heap that a thread may use, in MB. More ends the thread and the attempt.',
    }),
  },
  urlKind: (name) => (name === 'VERIFIER_URL' ? HTTP_URL : undefined),
  problems({ VERIFIER: kind, VERIFIER_URL: service, VERIFIER_MODULE: file }) {
    if (kind === 'http' && service === undefined) {
      return ['VERIFIER_URL must name the service when VERIFIER=http, for example http://127.0.0.1:9000/verify'];
    }
    if (kind === 'module' && file === undefined) {
      return ['VERIFIER_MODULE must name a file when VERIFIER=module, for example examples/verifier.ts'];
    }
    return [];
  },
});
