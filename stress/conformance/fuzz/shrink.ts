// SPDX-License-Identifier: GPL-2.0-only
/**
 * Makes a trace that shows a difference smaller, as long as it shows the same one: fewer ops, then fewer and simpler
 * arguments. What comes after the difference is left out at once.
 */
import { ddmin } from '../../det/minimise/ddmin.ts';
import { wrongArgs } from '../trace/check.ts';
import { type Trace, TraceError, type TraceOp } from '../trace/trace.ts';
import { isVectored } from './draw_iocb.ts';
import type { Ran, Run } from './sides.ts';
import { signatureOf } from './signature.ts';

/** Fields by which a step is about another thing. */
const NAMING = new Set(['op', 'ctx', 'iocb', 'fd', 'buf', 'file', 'prefix', 'iov', 'r', 'w', 'wfd', 'mode', 'cmd']);
/** Fields that keep a step from waiting, or from reading what nobody has written. */
const SAFE = new Set(['timeout', 'max', 'vec', 'res', 'count', 'stride', 'bufstride', 'size']);
/** Numbers that are simpler than others. */
const SIMPLE = [0, 1, 8, 512];

/** The op with one argument less, or a simpler one; simplest first. */
function simpler(op: TraceOp): TraceOp[] {
  return Object.entries(op).flatMap(([name, value]) => {
    if (NAMING.has(name) || SAFE.has(name)) return [];
    // So many parts of its vector.
    if (name === 'nbytes' && op.op === 'iocb' && isVectored(op.cmd)) return [];
    // Memory ends behind its list.
    if (name === 'at' && op.op === 'io_submit' && op.nr !== undefined) return [];
    const { [name as keyof TraceOp]: _, ...rest }: Partial<TraceOp> = op;
    const others: unknown[] = [];
    if ((typeof value === 'number' || typeof value === 'string') && name !== 'nr') {
      others.push(...SIMPLE.filter((n) => typeof value === 'string' || n < Math.abs(value)));
    }
    if (Array.isArray(value) && name === 'iocbs') {
      others.push(...value.map((_item, i) => value.filter((_other, j) => j !== i)));
    }
    if (typeof value === 'object' && value !== null && 'prefix' in value && 'count' in value) {
      const count = Number(value.count);
      const counts = [1, 2, count >> 1, count - 1].filter((n) => n > 0 && n < count);
      others.push(...counts.map((n) => ({ ...value, count: n })));
    }
    const tried = [rest, ...others.map((other) => ({ ...op, [name]: other }))] as TraceOp[];
    return tried.filter((each) => wrongArgs({ ...each }) === null);
  });
}

/** Runs a trace. @returns null if it cannot be run, or shows nothing of that signature first */
async function shows(run: Run, trace: Trace, signature: string): Promise<Ran | null> {
  try {
    const ran = await run(trace);
    const [first] = ran.differences;
    return first !== undefined && signatureOf(trace, first) === signature ? ran : null;
  } catch (error) {
    if (error instanceof TraceError) return null;
    throw error;
  }
}

/**
 * @param trace - shows a difference
 * @param until - says when to stop trying
 * @returns null if it does not show it again
 */
export async function shrink(run: Run, trace: Trace, signature: string, until: () => boolean): Promise<Trace | null> {
  const attempt = async (ops: readonly TraceOp[]): Promise<readonly TraceOp[] | null> => {
    if (until()) return null;
    const ran = await shows(run, { ...trace, ops }, signature);
    return ran === null ? null : ops.slice(0, (ran.differences[0]?.op ?? ops.length) + 1);
  };
  const again = await attempt(trace.ops);
  if (again === null) return null;
  let ops = await ddmin(again, attempt);
  for (let i = 0; i < ops.length; ) {
    const op = ops[i] as TraceOp;
    let smaller: readonly TraceOp[] | null = null;
    for (const other of simpler(op)) {
      smaller = await attempt(ops.map((one, j) => (j === i ? other : one)));
      if (smaller !== null) break;
    }
    if (smaller === null) i++;
    else ops = smaller;
  }
  return { ...trace, ops: await ddmin(ops, attempt) };
}
