// SPDX-License-Identifier: GPL-2.0-only
/**
 * Function pointers. A JavaScript function cannot be stored in shared memory, so a callback is stored as the hash of
 * its name, which is the same in every thread whatever order its modules were loaded in.
 *
 * NOT LINUX: C stores the address.
 */
import type { FieldType } from './struct.ts';

/** Id of a function with the signature `F`; 0 is NULL. */
export type Fn<F> = number & { readonly signature?: F };
type AnyFunction = (...args: never[]) => unknown;

const byId = new Map<number, AnyFunction>();
const names = new Map<number, string>();

/** Functions that fnOf() finds without the map. */
const RECENT = 64;
const recentIds = new Int32Array(RECENT);
// NULL is looked up in slot 0, too, and must not be found: 2 belongs elsewhere.
recentIds[0] = 2;
const slotOf = (id: number): number => (id >>> 1) & (RECENT - 1);
const recent: AnyFunction[] = new Array(RECENT).fill(() => undefined);

/** FNV-1a of a name; never 0 or ~0. */
export function symbolHash(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash | 1;
}

/** Registers a function under its name. @returns its id */
export function fn<F extends AnyFunction>(name: string, f: F): Fn<F> {
  const id = symbolHash(name);
  const known = names.get(id);
  if (known !== undefined && known !== name) throw new Error(`functions ${known} and ${name} share an id: rename one`);
  byId.set(id, f);
  const slot = slotOf(id);
  if (recentIds[slot] === id) recent[slot] = f;
  names.set(id, name);
  return id as Fn<F>;
}

/** The function with that id; throws on an id that nobody registered, as a jump to a wild address would. */
export function fnOf<F extends AnyFunction>(id: Fn<F>): F {
  const slot = slotOf(id);
  if (recentIds[slot] !== id) {
    const f = byId.get(id);
    if (f === undefined) throw new WildJump(id);
    recentIds[slot] = id;
    recent[slot] = f;
  }
  return recent[slot] as F;
}

export const fnName = (id: number): string => names.get(id) ?? `0x${(id >>> 0).toString(16)}`;

/** A call through a function pointer that holds no function's id. */
export class WildJump extends Error {
  override readonly name = 'WildJump';
  readonly id: number;
  constructor(id: number) {
    super(`call through a bad function pointer 0x${(id >>> 0).toString(16)}`);
    this.id = id;
  }
}

/** A field that holds a function's id. */
export const fnptr = <F extends AnyFunction>(): FieldType<Fn<F>, Fn<F>, 's32'> => ({
  size: 4,
  align: 4,
  access: 's32',
});
