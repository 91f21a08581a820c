// SPDX-License-Identifier: GPL-2.0-only
/** Rounds of the stress test's scenarios on the host's kernel. */
import { constants, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Prng } from '../../../src/arch/sab/prng.ts';
import { memory } from '../../../src/arch/sab/ram.ts';
import { diskWord } from '../../../src/drivers/disk_word.ts';
import type { OopsRecord } from '../../../src/kernel/oops.ts';
import { IOCB_CMD_PREAD } from '../../../src/uapi/aio_abi.ts';
import { Area, FD_PENDING, INLINE_BYTES } from '../../../workers/layout.ts';
import type { UserPlan } from '../../../workers/protocol.ts';
import { ROOT } from '../../host/root.ts';
import { startThreads } from '../../host/threads.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import { assignRoles } from '../../scenarios/roles.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { type Native, NR } from '../kernel/native.ts';
import { Turns } from '../kernel/turns.ts';
import { HOST_ROLES } from './host_cpu.ts';
import {
  areaOf,
  arenaBytes,
  BUFFER_BYTES,
  createHandles,
  ENTRIES_PER_CPU,
  HostKernel,
  type HostStage,
} from './host_kernel.ts';
import { HostRound } from './host_round.ts';
import type { EarlyEnd, HostScenario, ThreadsOptions, ThreadsResult, ThreadsSetup } from './plan.ts';

type Counts = Record<string, number>;

/** A round is about so long, so that a run has several of each scenario, with different workloads. */
const ROUND_MS = 1000;

/** Opens past the page cache, if the file system can. @returns -1 if it cannot */
function openDirect(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECT);
  } catch {
    return -1;
  }
}

/** @returns what threads share, and whether reads go past the page cache */
function setStage(native: Native, cpus: number): { stage: HostStage; direct: boolean } {
  const path = join(tmpdir(), `kioctx-disk-${process.pid}`);
  const bytes = Math.max(INLINE_BYTES, cpus * ENTRIES_PER_CPU * BUFFER_BYTES);
  writeFileSync(
    path,
    Int32Array.from({ length: bytes / 4 }, (_, word) => diskWord(word)),
  );
  const arena = native.map(arenaBytes(cpus), 'rw', true);
  native.syscall(NR.pipe2, arena, 0);
  const pipe = native.view(arena, 4).getInt32(0, true);
  const [cached, direct] = [openSync(path, 'r'), openDirect(path)];
  unlinkSync(path);
  const files = [cached, direct < 0 ? cached : direct, pipe];
  const stage = { arena, cpus, handles: createHandles(cpus), files, sink: openSync('/dev/null', 'w') };
  return { stage, direct: direct >= 0 };
}

/** Whether the kernel polls by io_submit(), as it does since v4.18: then there are requests that can be cancelled. */
function canPoll(native: Native, stage: HostStage): boolean {
  const kernel = new HostKernel(native, stage, 0);
  const area = new Area(areaOf(stage, 0), ENTRIES_PER_CPU);
  kernel.poke(area.scratch, 0);
  kernel.poke(area.scratch + 4, 0);
  if (kernel.io_setup(1, area.scratch) !== 0) return false;
  const ctx = kernel.handleAt(area.scratch);
  kernel.io_prep(area.iocbs, IOCB_CMD_PREAD, FD_PENDING, area.buffers, BUFFER_BYTES, 0, 0, 0);
  kernel.poke(area.pointers, area.iocbs);
  kernel.poke(area.pointers + 4, 0);
  const taken = kernel.io_submit(ctx, 1, area.pointers);
  kernel.io_destroy(ctx);
  return taken === 1;
}

/** A scenario's user space, on direct reads of whole blocks. */
function planOf(name: HostScenario, threads: number, seed: number, pending: boolean): UserPlan {
  const scenario = SCENARIOS.find((one) => one.name === name) as Scenario;
  const ofUserSpace = Object.fromEntries(HOST_ROLES.map((role) => [role, scenario.roles[role]]));
  const drawn = scenario.draw(new Prng(seed));
  return {
    seed,
    roles: assignRoles({ ...scenario, roles: ofUserSpace }, threads, null),
    leader: 0,
    workload: { ...drawn, bufferBytes: BUFFER_BYTES, pendingPercent: pending ? drawn.pendingPercent : 0 },
  };
}

/** @param begins - is told of each round @throws NoKernel, HostLimit */
export async function runOnHost(
  native: Native,
  { scenarios, threads, seconds, seed }: ThreadsOptions,
  { entry, handler, forGoodMs }: ThreadsSetup,
  begins: (scenario: HostScenario) => void,
): Promise<ThreadsResult> {
  native.endWithParent();
  const { stage, direct } = setStage(native, threads);
  new Turns(native).take(false);
  native.probe(areaOf(stage, 0));
  const pending = canPoll(native, stage);
  const pool = startThreads(fileURLToPath(new URL(entry, ROOT)), threads, memory);
  process.on('SIGUSR2', () => {});
  const reports = scenarios.map((scenario) => ({
    scenario,
    rounds: 0,
    operations: {} as Counts,
    findings: [] as OopsRecord[],
  }));
  const rounds = scenarios.length * Math.max(1, Math.round((seconds * 1000) / ROUND_MS / scenarios.length));
  let early: EarlyEnd = null;
  for (let round = 0; round < rounds && early === null; round++) {
    const report = reports[round % reports.length] as (typeof reports)[number];
    begins(report.scenario);
    const plan = planOf(report.scenario, threads, seed + round, pending);
    const played = await new HostRound({ native, pool, handler, stage, forGoodMs }, plan).execute(
      (seconds * 1000) / rounds,
    );
    report.rounds++;
    for (const [what, n] of Object.entries(played.operations))
      report.operations[what] = (report.operations[what] ?? 0) + n;
    report.findings.push(...played.findings);
    if (played.early !== null) early = { ...played.early, reason: `${report.scenario}: ${played.early.reason}` };
  }
  return { kind: 'done', reports, early, direct, pending };
}
