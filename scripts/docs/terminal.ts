import { createRequire } from 'node:module';
import type { Terminal as TerminalType } from '@xterm/headless';

/** The size of the terminal that is shown. */
export const COLUMNS = 132;
const MOST_LINES = 400;

// The package is CommonJS without names that an import could see.
const { Terminal } = createRequire(import.meta.url)('@xterm/headless') as { Terminal: typeof TerminalType };

/** What stands on a terminal after it was sent these bytes: the lines, without those below the last one. */
export async function screenAfter(bytes: Uint8Array): Promise<string[]> {
  const terminal = new Terminal({ cols: COLUMNS, rows: MOST_LINES, allowProposedApi: true });
  await new Promise<void>((resolve) => {
    terminal.write(bytes, resolve);
  });
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, i) => active.getLine(i)?.translateToString(true) ?? '');
  return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
}

/** Pixels of a line. */
const LINE = 17;
const PADDING = 18;
const BAR = 30;

/** A page that shows the lines as a terminal does, and its size in pixels. */
export function terminalPage(lines: readonly string[]): { html: string; width: number; height: number } {
  const body = lines.map(escaped).join('\n');
  const html = `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: #0d1117 }
    div { height: ${BAR}px; background: #21262d }
    i { display: inline-block; width: 11px; height: 11px; margin: 9.5px -8px 0 16px; border-radius: 6px; background: #6e7681 }
    pre { margin: ${PADDING - 6}px ${PADDING}px; color: #e6edf3; font: 13.2px/${LINE}px 'DejaVu Sans Mono', monospace }
  </style><div><i></i><i></i><i></i></div><pre>${body}</pre>`;
  return { html, width: Math.ceil(COLUMNS * 7.95) + 2 * PADDING, height: BAR + 2 * PADDING - 12 + lines.length * LINE };
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
