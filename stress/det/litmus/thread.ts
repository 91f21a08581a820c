// SPDX-License-Identifier: GPL-2.0-only
/** A CPU of a litmus test: the entry of its piscina thread, with no kernel on it. */
import { PAGE_OFFSET } from '../../../src/arch/sab/access.ts';
import {
  ACCESS_ONCE,
  set_mb,
  smp_load_acquire,
  smp_mb,
  smp_rmb,
  smp_store_release,
  smp_wmb,
} from '../../../src/arch/sab/atomic.ts';
import {
  type Addr,
  clear_unchecked,
  load16,
  load32,
  setHook,
  setRamSize,
  store16,
  store32,
} from '../../../src/arch/sab/memory.ts';
import { type Words, wordAdd, wordNotify } from '../../../src/arch/sab/words.ts';
import { DetCpu, type Signs } from '../../../src/det/det_cpu.ts';
import type { DetBuffers } from '../../../src/det/state.ts';
import type { Op } from './litmus.test-data.ts';

export interface LitmusTask {
  readonly cpu: number;
  readonly det: DetBuffers;
  readonly ops: readonly Op[];
  /** Registers from the second word; the first counts who has joined. */
  readonly results: Words;
}

export const LITMUS_MIB = 1;
/** Nothing happens that the operator is to know of. */
export const NO_SIGNS: Signs = { arrived: () => false, died: () => false, found: () => false };

/** Each in a cache line of its own. */
export const variableAt = (n: number): Addr<number> => (PAGE_OFFSET + 64 * n) as Addr<number>;

function execute(op: Op, registers: Words): void {
  switch (op[0]) {
    case 'store':
      store32(variableAt(op[1]), op[2]);
      break;
    case 'release':
      smp_store_release(variableAt(op[1]), op[2]);
      break;
    case 'load':
      registers[1 + op[2]] = load32(variableAt(op[1]));
      break;
    case 'once':
      registers[1 + op[2]] = ACCESS_ONCE(variableAt(op[1]));
      break;
    case 'acquire':
      registers[1 + op[2]] = smp_load_acquire(variableAt(op[1]));
      break;
    case 'store16':
      store16(variableAt(op[1]), op[2]);
      break;
    case 'load16':
      registers[1 + op[2]] = load16(variableAt(op[1]));
      break;
    case 'clear':
      clear_unchecked(variableAt(op[1]), 8);
      break;
    case 'mb':
      smp_mb();
      break;
    case 'wmb':
      smp_wmb();
      break;
    case 'rmb':
      smp_rmb();
      break;
    case 'set_mb':
      set_mb(variableAt(op[1]), op[2]);
      break;
    case 'publish':
      smp_store_release(variableAt(op[1]), variableAt(op[2]));
      break;
    case 'follow': {
      const pointer = load32(variableAt(op[1]));
      registers[1 + op[2]] = pointer === 0 ? 0 : 1;
      if (pointer !== 0) registers[2 + op[2]] = load32(pointer);
    }
  }
}

export default function litmusThread({ cpu, det, ops, results }: LitmusTask): void {
  setRamSize(LITMUS_MIB);
  const hook = new DetCpu(cpu, det, NO_SIGNS, null);
  setHook(hook);
  hook.enter(0);
  wordAdd(results, 0, 1);
  wordNotify(results, 0);
  hook.awaitFirstBaton();
  try {
    for (const op of ops) execute(op, results);
  } finally {
    hook.leave();
    setHook(null);
  }
}
