// SPDX-License-Identifier: GPL-2.0-only
/**
 * KASAN: one byte of shadow for eight bytes of RAM says whether they may be touched, and if not, why.
 *
 * The allocators write the shadow; the hook of memory.ts asks it before each access. The shadow is outside RAM.
 * Alone, it is asked only where memory.ts has found the shadow not to be zero.
 * Memory that was freed stays in quarantine for a while (mm/slab.ts), so that a late access hits freed memory
 * and not the next owner's.
 *
 * @linux mm/kasan (v4.0)
 */
import { type Access, LOAD, PAGE_OFFSET } from '../arch/sab/access.ts';
import { isRam, ramBytes, SHADOW_SHIFT, shadow } from '../arch/sab/memory.ts';
import { type ObjectRef, objectRef, objectText } from '../kernel/object_ref.ts';
import { type FindingKind, oops } from '../kernel/oops.ts';

export const KASAN_OK = 0;
export const KASAN_STACK_FREE = 0xf8;
export const KASAN_SLAB_FREE = 0xfb;
export const KASAN_REDZONE = 0xfc;
export const KASAN_PAGE_FREE = 0xff;

/** A field that never changes V8 takes for a constant. */
class Config {
  kasan = false;
}
const config = new Config();
/** Names the object around an address; set by the slab. */
let describe: (addr: number) => ObjectRef = (addr) => objectRef('address', addr);

/** Lets everything be touched, as when the machine is switched on. */
export function clearShadow(): void {
  shadow.fill(KASAN_OK, 0, ramBytes() >>> SHADOW_SHIFT);
}

/** Turns KASAN on or off in this thread. */
export function setKasan(on: boolean): void {
  if (config.kasan !== on) config.kasan = on;
}
export function setKasanDescribe(f: typeof describe): void {
  describe = f;
}
/** Whether frees are to be poisoned and quarantined. */
export const kasan_enabled = (): boolean => config.kasan;

/** The shadow, four bytes at a time. */
const shadow_words = new Int32Array(shadow.buffer, shadow.byteOffset);
/** So many bytes of shadow are written sooner here than by a call of a built-in. */
const FEW = 32;

/** Says what the bytes are from now on. @param bytes - a multiple of 8 */
export function kasan_mark(addr: number, bytes: number, value: number): void {
  if (!config.kasan) return;
  const start = (addr - PAGE_OFFSET) >>> SHADOW_SHIFT;
  const end = start + ((bytes + 7) >>> SHADOW_SHIFT);
  if (end - start > FEW) {
    shadow.fill(value, start, end);
    return;
  }
  let i = start;
  const word = (value * 0x01010101) | 0;
  if ((start & 3) === 0) for (; i + 3 < end; i += 4) shadow_words[i >>> 2] = word;
  for (; i < end; i++) shadow[i] = value;
}

const CASES: Record<number, [FindingKind, string]> = {
  [KASAN_STACK_FREE]: ['kasan:use-after-return', 'stack-use-after-return'],
  [KASAN_SLAB_FREE]: ['kasan:use-after-free', 'slab-use-after-free'],
  [KASAN_REDZONE]: ['kasan:out-of-bounds', 'slab-out-of-bounds'],
  [KASAN_PAGE_FREE]: ['kasan:use-after-free', 'page-use-after-free'],
};

function kasan_report(addr: number, bytes: number, op: Access, value: number): never {
  const [kind, what] = CASES[value] ?? ['kasan:use-after-free', `bad shadow ${value}`];
  const object = describe(addr);
  return oops({
    kind,
    title: `KASAN: ${what} of ${object.type}`,
    text: [
      `${op === LOAD ? 'read' : 'write'} of ${bytes} bytes at 0x${(addr >>> 0).toString(16)}, ` +
        `which is ${objectText(object)}`,
    ],
    objects: [object],
    address: addr >>> 0,
  });
}

/** Tests an access. @throws KernelOops */
export function kasan_check(op: Access, addr: number, bytes: number): void {
  if (!config.kasan) return;
  const first = (addr - PAGE_OFFSET) >>> SHADOW_SHIFT;
  const last = (addr + bytes - 1 - PAGE_OFFSET) >>> SHADOW_SHIFT;
  if (first === last && shadow[first] === KASAN_OK) return;
  for (let i = first; i <= last; i++) {
    const value = shadow[i] as number;
    if (value !== KASAN_OK && isRam(addr, bytes)) {
      kasan_report(Math.max(addr, PAGE_OFFSET + (i << SHADOW_SHIFT)), bytes, op, value);
    }
  }
}
