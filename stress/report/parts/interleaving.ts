// SPDX-License-Identifier: GPL-2.0-only
/** The last steps of the CPUs that a finding is about, side by side, one step a line. */
import type { CpuSnapshot } from '../../../src/kernel/oops.ts';
import type { Finding } from '../../result/run_result.ts';
import { tableLines } from '../../text/table.ts';

const CPUS_MAX = 4;
const STEPS_MAX = 20;
/** Steps of each CPU that stay however busy the others were. */
const OWN_STEPS = 2;
const PAGE_BYTES = 4096;
/** Narrower columns break every step over many lines; fewer CPUs say more. */
const COLUMN_MIN = 24;
const TIME_WIDTH = 8;
const BETWEEN = ' | ';

/** Hex numbers in a text; those below a page are offsets. */
const addressesIn = (text: string): string[] =>
  (text.match(/0x[0-9a-f]+/gi) ?? []).filter((number) => Number(number) >= PAGE_BYTES);

/** The finding's own CPU, then those that touched its objects, then those that wait, then the most recently active. */
export function concernedCpus(finding: Finding): CpuSnapshot[] {
  const objects = new Set(finding.objects.map(({ addr }) => addr));
  const rank = (cpu: CpuSnapshot): number => {
    if (cpu.cpu === finding.cpu) return 0;
    if (cpu.steps.some((step) => addressesIn(step.text).some((address) => objects.has(Number(address))))) return 1;
    return cpu.waiting !== null ? 2 : 3;
  };
  const latest = (cpu: CpuSnapshot): number => cpu.steps.at(-1)?.us ?? Number.NEGATIVE_INFINITY;
  return finding.cpus
    .filter((cpu) => cpu.steps.length > 0 || cpu.held.length > 0 || cpu.waiting !== null)
    .sort((a, b) => rank(a) - rank(b) || latest(b) - latest(a))
    .slice(0, CPUS_MAX);
}

function headOf({ cpu, role, held, waiting }: CpuSnapshot): string {
  const lines = [`cpu ${cpu} ${role}`];
  if (held.length > 0) lines.push(`holds ${held.join(', ')}`);
  if (waiting !== null) lines.push(`waits for ${waiting}`);
  return lines.join('\n');
}

/** @returns lines; none if no CPU is known */
export function interleaving(finding: Finding, width: number): string[] {
  const room = width - TIME_WIDTH;
  const cpus = concernedCpus(finding).slice(0, Math.max(1, Math.floor(room / (COLUMN_MIN + BETWEEN.length))));
  if (cpus.length === 0) return [];
  const column = Math.floor(room / cpus.length) - BETWEEN.length;
  const steps = cpus
    .flatMap((cpu, at) =>
      cpu.steps.map(({ us, text }, i) => ({ us, text, at, stays: i >= cpu.steps.length - OWN_STEPS })),
    )
    .sort((a, b) => a.us - b.us)
    .filter((step, i, all) => step.stays || i >= all.length - STEPS_MAX);
  const last = steps.at(-1)?.us ?? 0;
  return tableLines({
    head: ['us', ...cpus.map(headOf)],
    rows: steps.map(({ us, text, at }) => [
      us === last ? '0' : `-${Math.round(last - us)}`,
      ...cpus.map((_, i) => (i === at ? text : '')),
    ]),
    align: ['right', ...cpus.map(() => 'left' as const)],
    widths: [TIME_WIDTH, ...cpus.map(() => column)],
    rule: true,
    between: BETWEEN,
  });
}
