// SPDX-License-Identifier: GPL-2.0-only
/** CPUs whose submitters use up the heap of their thread, which no kernel is to blame for. */
import { PROGRAMS, runCpu } from '../cpu.ts';
import type { CpuTask } from '../protocol.ts';

function useUpHeap(): void {
  const kept: number[][] = [];
  for (;;) kept.push(new Array<number>(100_000).fill(kept.length));
}

export default function greedyCpuTask(task: CpuTask): void {
  runCpu(task, { ...PROGRAMS, submitter: useUpHeap });
}
