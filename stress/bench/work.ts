// SPDX-License-Identifier: GPL-2.0-only
/** What a CPU of a benchmark is told, and what it answers. */
import type { MessagePort } from 'node:worker_threads';
import type { EngineMutex } from '../../src/arch/sab/engine_mutex.ts';
import type { Words } from '../../src/arch/sab/words.ts';
import type { CpuParams, Machine } from '../../src/init/machine.ts';
import type { AioLoad, FileKind } from './loads/aio.ts';
import type { LockLoad, LockName } from './loads/locks.ts';

/** What listens while a load runs; nothing by default. */
export interface Instruments {
  readonly lockdep: boolean;
  readonly lockStat: boolean;
  /** the flight recorder */
  readonly trace: boolean;
  /** a hook that does nothing, on every access */
  readonly emptyHook: boolean;
  /** KASAN; a property of the machine */
  readonly sanitize: boolean;
}

/** What a thread is given when it starts, and keeps: which CPU it is, of which machine. */
export interface CpuTask {
  readonly params: CpuParams;
  readonly machine: Machine;
  readonly emptyHook: boolean;
  readonly port: MessagePort;
  /** A word: orders that the CPU has been given. */
  readonly bell: Words;
}

/** The loads of a machine, made when it boots. */
export interface Loads {
  readonly locks: LockLoad;
  readonly aio: AioLoad;
}

/** One thread at a time, measured by tinybench: a call is many operations. */
export type Micro =
  | { readonly load: 'lock'; readonly lock: LockName; readonly steps: number }
  | { readonly load: 'aio'; readonly batch: number; readonly of: FileKind };

export type Work =
  /** CPU 0 only, and first. */
  | { readonly kind: 'boot'; readonly areas: number; readonly words: Words; readonly engine: EngineMutex | null }
  | { readonly kind: 'join' }
  | { readonly kind: 'micro'; readonly micro: Micro }
  | { readonly kind: 'lock'; readonly lock: LockName /** inside the lock */; readonly steps: number }
  | { readonly kind: 'count'; readonly lock: LockName }
  | { readonly kind: 'aio'; readonly sharedContext: boolean; readonly batch: number }
  /** Until the window's word `stop` is set. */
  | { readonly kind: 'serve'; readonly daemon: 'rcu' | 'kworker' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'latency' }
  | { readonly kind: 'footprint' };

/** An order for one CPU; a window is one for each of some CPUs. */
export interface Order {
  readonly work: Work;
  /** null before there are any */
  readonly loads: Loads | null;
  /** A word of its own for each window: CPUs that are ready. */
  readonly ready: Words;
  readonly threads: number;
  /** A word of its own for each window, for loads that do not end by the clock. */
  readonly stop: Words;
  /** length of the window */
  readonly ms: number;
}

export interface Answer {
  /** Operations done. */
  readonly operations: number;
  /** ns, of the window as this CPU saw it; of `micro`, CPU time */
  readonly ns: number;
  /** What else the work gives: its file says. */
  readonly figures: readonly number[];
  /** Of `boot`. */
  readonly loads: Loads | null;
}
export type Reply = { readonly answer: Answer } | { readonly failed: string };
