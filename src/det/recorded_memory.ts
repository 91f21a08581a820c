// SPDX-License-Identifier: GPL-2.0-only
/** The hook of a CPU that is written down: where its accesses go is told by the memory model, once that has chosen. */
import { type Access, type Hook, LOAD, type MemoryModel } from '../arch/sab/access.ts';
import type { DetCpu } from './det_cpu.ts';
import { BUFFERED, type FullRecorder, IN_RAM, OLDER } from './full_recorder.ts';
import type { DetBuffers } from './state.ts';
import { storeBufferWords } from './store_buffer.ts';

/** @param cpus - of the machine */
export function recordedHook(cpu: DetCpu, recorder: FullRecorder, { ramWords }: DetBuffers, cpus: number): Hook {
  cpu.observer = recorder;
  const { model } = cpu;
  if (model === null) return cpu;
  model.recorder = recorder;
  // The store buffers lie behind RAM; what words held before, behind these.
  const olderFrom = ramWords + storeBufferWords(cpus);
  const howOf = (op: Access, index: number, at: number): number => {
    if (at === index) return IN_RAM;
    if (op !== LOAD) return BUFFERED;
    return at < olderFrom ? IN_RAM : OLDER;
  };
  const recorded: MemoryModel = {
    word(op, index, kind) {
      const at = model.word(op, index, kind);
      if (model.active) recorder.went(at, howOf(op, index, at));
      return at;
    },
    block: (op, addr, bytes) => model.block(op, addr, bytes),
    unchecked: (addr, bytes) => model.unchecked(addr, bytes),
  };
  return {
    access: (op, addr, bytes) => cpu.access(op, addr, bytes),
    barrier: (what) => cpu.barrier(what),
    sleeper: cpu,
    model: recorded,
  };
}
