// SPDX-License-Identifier: GPL-2.0-only
/** Bytes and wide numbers of a trace. */
import { createHash } from 'node:crypto';
import type { Long } from './kinds.ts';

/** The bytes that a trace fills files and buffers with. */
export const ramp = (i: number, seed: number): number => (i * 131 + 17 + 29 * seed) & 0xff;

/** First half of the SHA-256, as a trace has it. */
export const sha = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex').slice(0, 16);

/** Writes a 64-bit number into bytes. @param value - signed or unsigned */
export function setLong(to: DataView, at: number, value: Long): void {
  if (typeof value === 'string') {
    to.setBigInt64(at, BigInt.asIntN(64, BigInt(value)), true);
    return;
  }
  to.setInt32(at, value, true);
  to.setInt32(at + 4, Math.floor(value / 2 ** 32), true);
}

/** 64-bit numbers as bytes. */
export function longs(values: readonly Long[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) setLong(view, 8 * i, value);
  return bytes;
}
