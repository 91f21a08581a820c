// SPDX-License-Identifier: GPL-2.0-only
/**
 * What user space has done in a round, in shared words outside RAM: how often each operation happened, and how long
 * each system call took. A CPU writes its own part plainly; the operator reads all of them at any moment.
 */
import { addBins, type Bins, countTime, HISTOGRAM_BINS, readBins } from '../src/arch/sab/histogram.ts';
import { createDoubles, createWords, type Doubles, type Words } from '../src/arch/sab/words.ts';
import { ERROR_NAMES } from '../src/uapi/errno.ts';

/** Operations that user space counts by name, besides calls that answered as they should not. */
const COUNTED = [
  'submitted',
  'reaped',
  'reaped by user',
  'setup',
  'setup failed',
  'destroyed',
  'destroy refused',
  'destroyed with requests in flight',
  'woken by destroy',
  'cancelled',
  'getevents timeout',
  'completed by device',
  'completed in interrupts',
  'pages migrated',
  'migration refused',
  'scribbled',
  'closed',
  'process exits',
  'exits with requests in flight',
  'grace periods',
  'books full',
  'full',
  'SIGSEGV',
] as const;
const CALLS = ['setup', 'destroy', 'submit', 'getevents', 'cancel'];

/** Every name that can be counted. */
export const OPERATIONS: readonly string[] = [
  ...COUNTED,
  ...CALLS.flatMap((call) => ['0', ...ERROR_NAMES].map((answer) => `${call} ${answer}`)),
];
const numberOf = new Map(OPERATIONS.map((name, i) => [name, i]));

export const SYSCALLS = ['io_setup', 'io_destroy', 'io_submit', 'io_getevents', 'io_cancel'] as const;
export type Syscall = (typeof SYSCALLS)[number];

/** Can be posted. */
export interface MeterBuffers {
  readonly counts: Doubles;
  readonly times: Words;
}
export const createMeters = (cpus: number): MeterBuffers => ({
  counts: createDoubles(cpus * OPERATIONS.length),
  times: createWords(cpus * SYSCALLS.length * HISTOGRAM_BINS),
});

/** One CPU's part. */
export class Meter {
  private readonly counts: Doubles;
  private readonly times: Words;
  private readonly firstCount: number;
  private readonly firstTime: number;

  constructor({ counts, times }: MeterBuffers, cpu: number) {
    this.counts = counts;
    this.times = times;
    this.firstCount = cpu * OPERATIONS.length;
    this.firstTime = cpu * SYSCALLS.length * HISTOGRAM_BINS;
  }

  /** @throws if the operation is none of OPERATIONS */
  count(name: string, n: number): void {
    const operation = numberOf.get(name);
    if (operation === undefined) throw new Error(`'${name}' is not among the operations that are counted`);
    const at = this.firstCount + operation;
    this.counts[at] = (this.counts[at] as number) + n;
  }

  /** @param call - index in SYSCALLS */
  time(call: number, ns: number): void {
    countTime(this.times, this.firstTime + call * HISTOGRAM_BINS, ns);
  }
}

const cpusOf = ({ counts }: MeterBuffers): number => counts.length / OPERATIONS.length;

/** Operations that have happened, summed over CPUs. */
export function readOperations(buffers: MeterBuffers): Record<string, number> {
  const sums: Record<string, number> = {};
  OPERATIONS.forEach((name, operation) => {
    const sum = operationCount(buffers, operation);
    if (sum !== 0) sums[name] = sum;
  });
  return sums;
}

function operationCount({ counts }: MeterBuffers, operation: number): number {
  let sum = 0;
  for (let at = operation; at < counts.length; at += OPERATIONS.length) sum += counts[at] as number;
  return sum;
}

const REAPED = OPERATIONS.indexOf('reaped');
/** Events that user space has got. */
export const eventsReaped = (buffers: MeterBuffers): number => operationCount(buffers, REAPED);

/** By system call that was made, summed over CPUs. */
export function readLatencies(buffers: MeterBuffers): Record<string, Bins> {
  const sums: Record<string, Bins> = {};
  SYSCALLS.forEach((name, call) => {
    let sum: Bins = [];
    for (let cpu = 0; cpu < cpusOf(buffers); cpu++) {
      sum = addBins(sum, readBins(buffers.times, (cpu * SYSCALLS.length + call) * HISTOGRAM_BINS));
    }
    if (sum.length > 0) sums[name] = sum;
  });
  return sums;
}

/** @context no CPU runs */
export function clearMeters({ counts, times }: MeterBuffers): void {
  counts.fill(0);
  times.fill(0);
}
