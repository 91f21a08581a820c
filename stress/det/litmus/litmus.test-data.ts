// SPDX-License-Identifier: GPL-2.0-only
/**
 * Litmus tests: programs of a few accesses, and what their registers may hold at the end under each memory model.
 *
 * The names are the usual ones. An outcome is the registers in order, a digit each. Every variable is 0 at first.
 *
 * @see J. Alglave, L. Maranget, M. Tautschnig, Herding Cats, TOPLAS 2014
 */
import type { Memory } from '../schedule/schedule.ts';

export const X = 0;
export const Y = 1;

/** An access: which, the variable, and the value stored or the register loaded to. */
export type Op =
  | readonly ['store' | 'release' | 'load' | 'once' | 'acquire', number, number]
  /** The lower half of a variable. */
  | readonly ['store16' | 'load16', number, number]
  /** Cleared as the allocators do it. */
  | readonly ['clear', number]
  /** smp_mb(), smp_wmb(), smp_rmb() */
  | readonly ['mb' | 'wmb' | 'rmb']
  /** set_mb() */
  | readonly ['set_mb', number, number]
  /** A pointer to a variable is stored: rcu_assign_pointer(). Variable of the pointer, and the one pointed to. */
  | readonly ['publish', number, number]
  /** A pointer is loaded: the register says whether it is set; what it points to is loaded to the next one. */
  | readonly ['follow', number, number];

export interface Litmus {
  readonly name: string;
  readonly threads: readonly (readonly Op[])[];
  /** What sequential consistency allows. */
  readonly sc: readonly string[];
  /** What the model allows beside. */
  readonly more: Readonly<Partial<Record<Memory, readonly string[]>>>;
}

/** All outcomes of so many registers but those that match. */
export const allBut = (registers: number, ...forbidden: readonly string[]): string[] =>
  Array.from({ length: 2 ** registers }, (_, n) => n.toString(2).padStart(registers, '0')).filter(
    (outcome) => !forbidden.includes(outcome),
  );

export const LITMUS_TESTS: readonly Litmus[] = [
  {
    name: 'SB: each stores, then loads what the other stores',
    threads: [
      [
        ['store', X, 1],
        ['load', Y, 0],
      ],
      [
        ['store', Y, 1],
        ['load', X, 1],
      ],
    ],
    sc: allBut(2, '00'),
    more: { tso: ['00'], weak: ['00'] },
  },
  {
    name: 'SB+mbs: with a full barrier between',
    threads: [
      [['store', X, 1], ['mb'], ['load', Y, 0]],
      [['store', Y, 1], ['mb'], ['load', X, 1]],
    ],
    sc: allBut(2, '00'),
    more: {},
  },
  {
    name: 'SB+rfi: each sees its own store before the other does',
    threads: [
      [
        ['store', X, 1],
        ['load', X, 0],
        ['load', Y, 1],
      ],
      [
        ['store', Y, 1],
        ['load', Y, 2],
        ['load', X, 3],
      ],
    ],
    sc: ['1011', '1110', '1111'],
    more: { tso: ['1010'], weak: ['1010'] },
  },
  {
    name: 'MP: data, then flag; flag, then data',
    threads: [
      [
        ['store', X, 1],
        ['store', Y, 1],
      ],
      [
        ['load', Y, 0],
        ['load', X, 1],
      ],
    ],
    sc: allBut(2, '10'),
    more: { weak: ['10'] },
  },
  {
    name: 'MP+release+load: without the read barrier',
    threads: [
      [
        ['store', X, 1],
        ['release', Y, 1],
      ],
      [
        ['load', Y, 0],
        ['load', X, 1],
      ],
    ],
    sc: allBut(2, '10'),
    more: { weak: ['10'] },
  },
  {
    name: 'MP+store+acquire: without the write barrier',
    threads: [
      [
        ['store', X, 1],
        ['store', Y, 1],
      ],
      [
        ['acquire', Y, 0],
        ['load', X, 1],
      ],
    ],
    sc: allBut(2, '10'),
    more: { weak: ['10'] },
  },
  {
    name: 'MP+release+acquire: with both',
    threads: [
      [
        ['store', X, 1],
        ['release', Y, 1],
      ],
      [
        ['acquire', Y, 0],
        ['load', X, 1],
      ],
    ],
    sc: allBut(2, '10'),
    more: {},
  },
  {
    name: 'MP+onces: ACCESS_ONCE() orders nothing',
    threads: [
      [['store', X, 1], ['wmb'], ['store', Y, 1]],
      [
        ['once', Y, 0],
        ['once', X, 1],
      ],
    ],
    sc: allBut(2, '10'),
    more: { weak: ['10'] },
  },
  {
    name: 'SB+wmb+rmb: neither holds a load back until an earlier store is seen',
    threads: [
      [['store', X, 1], ['wmb'], ['load', Y, 0]],
      [['store', Y, 1], ['rmb'], ['load', X, 1]],
    ],
    sc: allBut(2, '00'),
    more: { tso: ['00'], weak: ['00'] },
  },
  {
    name: 'CoWW+wmb: a store after the barrier does not take the place of one before it',
    threads: [
      [['store', X, 1], ['store', Y, 1], ['wmb'], ['store', X, 2]],
      [['load', X, 0], ['rmb'], ['load', Y, 1]],
    ],
    sc: ['00', '01', '10', '11', '21'],
    more: {},
  },
  {
    name: 'MP+publish+follow: through a pointer',
    threads: [
      [
        ['store', X, 1],
        ['publish', Y, X],
      ],
      [['follow', Y, 0]],
    ],
    sc: ['00', '11'],
    more: {},
  },
  {
    name: 'LB: each loads, then stores what the other loads; 11 is allowed on arm64, and no model here has it',
    threads: [
      [
        ['load', X, 0],
        ['store', Y, 1],
      ],
      [
        ['load', Y, 1],
        ['store', X, 1],
      ],
    ],
    sc: allBut(2, '11'),
    more: {},
  },
  {
    name: 'IRIW: two readers see two stores in two orders',
    threads: [
      [['store', X, 1]],
      [['store', Y, 1]],
      [
        ['load', X, 0],
        ['load', Y, 1],
      ],
      [
        ['load', Y, 2],
        ['load', X, 3],
      ],
    ],
    sc: allBut(4, '1010'),
    more: { weak: ['1010'] },
  },
  {
    name: 'IRIW+rmbs: with read barriers',
    threads: [
      [['store', X, 1]],
      [['store', Y, 1]],
      [['load', X, 0], ['rmb'], ['load', Y, 1]],
      [['load', Y, 2], ['rmb'], ['load', X, 3]],
    ],
    sc: allBut(4, '1010'),
    more: {},
  },
  {
    name: 'IRIW+acquires: with acquiring loads',
    threads: [
      [['store', X, 1]],
      [['store', Y, 1]],
      [
        ['acquire', X, 0],
        ['load', Y, 1],
      ],
      [
        ['acquire', Y, 2],
        ['load', X, 3],
      ],
    ],
    sc: allBut(4, '1010'),
    more: {},
  },
  {
    name: 'CoRR: two loads of a word never see it go back',
    threads: [
      [
        ['store', X, 1],
        ['store', X, 2],
      ],
      [
        ['load', X, 0],
        ['load', X, 1],
      ],
    ],
    sc: ['00', '01', '02', '11', '12', '22'],
    more: {},
  },
  {
    name: 'CoWR+half: a CPU sees its own store in half of the word',
    threads: [
      [
        ['store', X, 1],
        ['load16', X, 0],
      ],
      [['store', X, 2]],
    ],
    sc: ['1', '2'],
    more: {},
  },
  {
    name: 'CoWW+half: a store to half of a word comes behind one to the word',
    threads: [
      [
        ['store', X, 1],
        ['store16', X, 2],
        ['load', X, 0],
      ],
      [['load', X, 1]],
    ],
    sc: ['20', '21', '22'],
    more: {},
  },
  {
    name: 'CoWW+clear: what an allocator clears stays clear',
    threads: [
      [
        ['store', X, 1],
        ['clear', X],
        ['load', X, 0],
      ],
      [['load', Y, 1]],
    ],
    sc: ['00'],
    more: {},
  },
  {
    name: 'CoRW: a CPU that has stored never sees what was before',
    threads: [
      [
        ['store', X, 1],
        ['load', X, 0],
        ['load', X, 1],
      ],
      [['store', X, 2]],
    ],
    sc: ['11', '12', '22'],
    more: {},
  },
];
