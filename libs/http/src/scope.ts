import type { App } from './app-type.ts';

/** Adds routes that have parsers and hooks of their own. */
export function addScope(app: App, add: (scope: App) => void): void {
  void app.register((scope, _options, done) => {
    add(scope as unknown as App);
    done();
  });
}
