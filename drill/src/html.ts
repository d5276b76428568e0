import { holds, type CheckResult } from './checks/result.ts';
import type { Happening, Ledger } from './ledger.ts';
import { faultCounts, repeatCommand, type Asked } from './report.ts';
import { timeLine } from './time-line.ts';

/** The report as one page that needs nothing else: verdicts, throughput over time, and every fault. */
export function htmlReport(ledger: Ledger, checks: readonly CheckResult[], asked: Asked): string {
  const passed = checks.every(holds);
  const last = ledger.samples.at(-1);
  const figures: [string, number][] = [
    ['orders', last?.rows ?? 0],
    ['stored', last?.stored ?? 0],
    ['dead letters', last?.dead ?? 0],
    ['attempts', last?.attempts ?? 0],
    ['faults', ledger.happenings.length],
    ['copies sent', ledger.copies],
    ['poison messages', ledger.poison.length],
    ['rows rolled back', ledger.rolledBack],
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Esteira: fault drill, seed ${asked.seed}</title>
<style>${STYLE}</style>
<h1>Fault drill <span class="${passed ? 'good' : 'bad'}">${passed ? 'every guarantee held' : 'a guarantee was broken'}</span></h1>
<p>The same faults again: <code>${escaped(repeatCommand(asked))}</code></p>
<dl>${figures.map(([what, n]) => `<div><dt>${what}</dt><dd>${n.toLocaleString('en-US')}</dd></div>`).join('')}</dl>
<h2>Throughput, and what was broken meanwhile</h2>
${timeLine(ledger.samples, ledger.happenings)}
<h2>Guarantees</h2>
<table><tr><th></th><th>guarantee</th><th>how it was checked</th><th>looked at</th></tr>
${checks.map(checkRow).join('\n')}</table>
<h2>Faults</h2>
<p>${faultCounts(ledger)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(' · ')}</p>
<table><tr><th>at</th><th>for</th><th>what</th><th>unsettled then</th></tr>
${ledger.happenings.map(faultRow).join('\n')}</table>
</html>
`;
}

function checkRow(check: CheckResult): string {
  const problems = check.problems.map((problem) => `<li>${escaped(problem)}</li>`).join('');
  const more = check.broken > check.problems.length ? `<li>and ${check.broken - check.problems.length} more</li>` : '';
  const verdict = holds(check) ? '<td class="good">holds</td>' : `<td class="bad">broken</td>`;
  return `<tr>${verdict}<td>${escaped(check.guarantee)}${problems === '' ? '' : `<ul>${problems}${more}</ul>`}</td><td>${escaped(check.how)}</td><td class="n">${check.looked.toLocaleString('en-US')}</td></tr>`;
}

function faultRow({ from, to, what, unsettled }: Happening): string {
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  return `<tr><td class="n">${seconds(from)} s</td><td class="n">${seconds(to - from)} s</td><td>${escaped(what)}</td><td class="n">${unsettled ?? ''}</td></tr>`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const STYLE = `
:root { color-scheme: light dark; --good: light-dark(#176f3a, #5fd38d); --bad: light-dark(#b3261e, #ff8a80); --line: light-dark(#ddd, #444) }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2rem auto; padding: 0 1rem }
h1 span { font-size: .6em; margin-left: .6em } .good { color: var(--good) } .bad { color: var(--bad); font-weight: 600 }
dl { display: flex; flex-wrap: wrap; gap: 1rem 2rem } dl div { min-width: 6rem } dt { opacity: .7 } dd { margin: 0; font-size: 1.4em }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line) }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap } ul { margin: .3rem 0; padding-left: 1.2rem; overflow-wrap: anywhere }
svg { width: 100%; height: auto } svg text { font: 11px system-ui, sans-serif; fill: currentColor }`;
