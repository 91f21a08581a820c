// SPDX-License-Identifier: GPL-2.0-only
/**
 * BUG and WARN, and what happens on a wild access.
 *
 * @linux include/asm-generic/bug.h, arch/x86/mm/fault.c v3.17
 */
import { type Access, LOAD, PAGE_OFFSET } from '../arch/sab/access.ts';
import { PAGE_SIZE, setFaultHandler, TASK_SIZE } from '../arch/sab/memory.ts';
import { oops, record } from './oops.ts';

const hex = (n: number): string => `0x${(n >>> 0).toString(16).padStart(8, '0')}`;

/** Ends this CPU's round if `condition` holds. @param what - the condition, as C has it */
export function BUG_ON(condition: boolean, what: string): void {
  if (condition) oops({ kind: 'bug', title: `kernel BUG: ${what}` });
}

/** Records a warning if `condition` holds. @returns the condition */
export function WARN_ON(condition: boolean, what: string): boolean {
  if (condition) record({ kind: 'warn', title: `WARNING: ${what}` });
  return condition;
}

/** A pointer that may be NULL in C's type, but not here. @throws KernelOops on NULL */
export function deref<T>(pointer: T | null, what: string): T {
  if (pointer === null) oops({ kind: 'oops:null-dereference', title: `NULL pointer dereference of ${what}` });
  return pointer;
}

function page_fault(addr: number, op: Access, bytes: number): never {
  const kind = addr >= 0 && addr < PAGE_SIZE ? 'oops:null-dereference' : 'oops:bad-address';
  const what =
    kind === 'oops:null-dereference'
      ? 'NULL pointer dereference'
      : addr >= 0 && addr < TASK_SIZE
        ? 'user address used as a kernel address'
        : 'unable to handle kernel paging request';
  oops({
    kind,
    title: `BUG: ${what}`,
    text: [
      `${op === LOAD ? 'read' : 'write'} of ${bytes} bytes at ${hex(addr)}` +
        (addr >= PAGE_OFFSET && (addr & 3) !== 0 && bytes === 4 ? ' (not aligned)' : ''),
    ],
    address: addr >>> 0,
  });
}

/** Makes wild accesses end in an oops. */
export function installFaultHandler(): void {
  setFaultHandler(page_fault);
}
