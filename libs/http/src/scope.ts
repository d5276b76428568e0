import type { App } from './app-type.ts';

/** Adds routes that have parsers and hooks of their own. @param prefix what their paths begin with */
export function addScope(app: App, add: (scope: App) => void, prefix = ''): void {
  void app.register(
    (scope, _options, done) => {
      add(scope as unknown as App);
      done();
    },
    { prefix },
  );
}
