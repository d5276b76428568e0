import type { Settings } from '@esteira/settings';
import type { Verifier } from '@esteira/orders/domain';
import { httpVerifier, openModuleVerifier, simulatedVerifier } from '@esteira/orders/verifiers';

/** The verifier that the settings name. @throws ModuleUnloadable when it is a module that can't be loaded. */
export async function openVerifier(settings: Settings): Promise<Verifier> {
  switch (settings.VERIFIER) {
    case 'simulated':
      return simulatedVerifier;
    case 'http':
      return httpVerifier({ url: settings.VERIFIER_URL, concurrency: settings.VERIFIER_CONCURRENCY });
    case 'module':
      return openModuleVerifier({
        path: settings.VERIFIER_MODULE,
        threads: settings.VERIFIER_THREADS,
        memoryMb: settings.VERIFIER_MEMORY_MB,
      });
  }
}
