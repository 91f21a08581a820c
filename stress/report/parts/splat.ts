// SPDX-License-Identifier: GPL-2.0-only
/** A finding as a kernel prints it: what, where, who, the stack, and what every CPU concerned did last. */
import { objectText } from '../../../src/kernel/object_ref.ts';
import { hints } from '../../result/labels.ts';
import type { Finding, ScenarioResult } from '../../result/run_result.ts';
import { plural, span, wrap } from '../../text/layout.ts';
import type { Palette } from '../../text/palette.ts';
import { diagramText } from './diagram_text.ts';
import { interleaving } from './interleaving.ts';

const FRAMES_MAX = 8;
const RULE = 66;

/** `an event was delivered twice in aio_read_events_ring` */
export const findingTitle = ({ title, where }: Finding): string => (where === '' ? title : `${title} in ${where}`);

/** The first line of a splat; some titles say already what they are. */
export const splatTitle = (finding: Finding): string =>
  `${/^(WARNING|BUG|INFO|kernel BUG):/.test(finding.title) ? '' : 'BUG: '}${findingTitle(finding)}`;

/** How often, and when first. */
export const findingCounts = ({ count, rounds, firstAtMs }: Finding): string =>
  `seen ${plural(count, 'time')} in ${plural(rounds, 'round')}, first after ${span(firstAtMs)}`;

/** A finding in a line, for those that get no more. */
export const findingLine = (finding: Finding): string =>
  `${finding.kind}: ${findingTitle(finding)}, ${findingCounts(finding)}` +
  `${finding.known === null ? '' : `, known in v3.17: ${finding.known}`}`;

/** An oracle looks from outside and is on no CPU. */
const by = ({ cpu, role }: Finding): string => (cpu < 0 ? `found by the ${role}` : `by ${role} on cpu ${cpu}`);

/** How it comes about, and what shows it again. */
function explained({ explained: what, schedule }: Finding, width: number): string[] {
  const explanation = what?.explanation ?? null;
  const word = explanation?.schedule ?? schedule;
  return [
    ...(what === null ? [] : wrap(`as a schedule: ${what.outcome}`, width, '', '  ')),
    ...(explanation === null ? [] : diagramText(explanation.diagram, width)),
    // a word that is broken cannot be pasted
    ...(word === undefined ? [] : [`replay: npm run stress -- --replay ${word}`]),
  ];
}

export function splat(scenario: ScenarioResult, finding: Finding, colors: Palette, width: number): string[] {
  const rule = '='.repeat(Math.min(RULE, width));
  const paint = finding.known === null ? colors.bad : colors.odd;
  const lines = [
    rule,
    ...wrap(splatTitle(finding), width, '', '     ').map(paint),
    ...wrap(`${finding.kind} ${by(finding)}, ${findingCounts(finding)}`, width),
  ];
  // what the kernel says may be laid out; its indentation stays
  for (const text of finding.text) lines.push(...wrap(text, width, `  ${/^ */.exec(text)?.[0] ?? ''}`));
  if (finding.objects.length > 0)
    lines.push(...wrap(`objects: ${finding.objects.map(objectText).join(', ')}`, width, '', '  '));
  if (finding.stack.length > 0) {
    lines.push('stack:');
    for (const frame of finding.stack.slice(0, FRAMES_MAX)) lines.push(...wrap(frame, width, '  ', '    '));
    const more = finding.stack.length - FRAMES_MAX;
    if (more > 0) lines.push(`  … ${plural(more, 'more frame')}`);
  }
  if (finding.known !== null) lines.push(...wrap(`known in v3.17: ${finding.known}`, width, '', '  ').map(colors.odd));
  for (const hint of hints(scenario, finding)) lines.push(...wrap(hint, width, '', '      ').map(colors.strong));
  const steps = interleaving(finding, width);
  if (steps.length > 0) lines.push('last steps, in us before the last of them:', ...steps);
  lines.push(...explained(finding, width));
  return [...lines, rule];
}
