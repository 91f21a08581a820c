// SPDX-License-Identifier: GPL-2.0-only
/**
 * What V8 is told by the benchmark, whose threads repeat one path until it is compiled.
 *
 * An event costs some 110 accesses to RAM, each a function call in the source. V8 inlines until a function has grown
 * by 920 bytes of bytecode, which is some twenty accesses; the rest stay calls. With more room an event, from its iocb
 * to the ring, becomes one piece of code, and takes about half the time. A function of up to 160 bytes, which every
 * access is with the test of KASAN's shadow in it, is inlined however rarely it has run so far; one of more than 700,
 * which none on the path of an event has, never is.
 *
 * Each thread compiles for itself, for seconds. A stress test of minutes with sixteen threads never earns that back.
 *
 * The flags hold for the whole process, threads that are started later included, and change no behaviour.
 */
import { setFlagsFromString } from 'node:v8';

const FLAGS = [
  '--max-inlined-bytecode-size-small=160',
  '--max-inlined-bytecode-size=700',
  '--max-inlined-bytecode-size-absolute=100000',
];
/** Bytes that a function may grow by. With KASAN an access is half as long again, and a call costs more. */
const CUMULATIVE = { plain: 30_000, checked: 60_000 };

/** Gives V8 more room to inline. Before the code that is to profit runs hot. @param checked - whether KASAN is on */
export function allowInlining(checked: boolean): void {
  for (const flag of FLAGS) setFlagsFromString(flag);
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${checked ? CUMULATIVE.checked : CUMULATIVE.plain}`);
}
