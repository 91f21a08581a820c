// SPDX-License-Identifier: GPL-2.0-only
/** The memory of the process that a trace runs in. */
import { aio_ring } from '../../../src/uapi/aio_abi.ts';
import { sha } from '../trace/bytes.ts';
import type { Long, RingField } from '../trace/kinds.ts';
import type { System } from './system.ts';

export const shaOfMemory = (system: System, at: number, bytes: number): string =>
  sha(Uint8Array.from({ length: bytes }, (_, i) => system.peek(at + (i & -4)) >>> (8 * (i & 3))));

/** Loads 64 bits, signed: a number where that is exact, else hexadecimal. */
export function peekLong(system: System, at: number): Long {
  const hi = system.peek(at + 4);
  const value = hi * 2 ** 32 + (system.peek(at) >>> 0);
  if (Number.isSafeInteger(value)) return value;
  return `0x${((BigInt(hi >>> 0) << 32n) | BigInt(system.peek(at) >>> 0)).toString(16)}`;
}

/** A word of a mapped ring's header. */
export const header = (system: System, ring: number, field: RingField): number =>
  system.peek(ring + aio_ring.offsetof[field]) >>> 0;
