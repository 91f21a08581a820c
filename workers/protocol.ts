// SPDX-License-Identifier: GPL-2.0-only
/** What the operator and the CPUs say to each other. Types and numbers only. */
import type { MessagePort } from 'node:worker_threads';
import type { Words } from '../src/arch/sab/words.ts';
import type { DetBuffers } from '../src/det/state.ts';
import type { Perturbation } from '../src/init/hook.ts';
import type { Machine } from '../src/init/machine.ts';
import type { Build } from '../src/reverts/registry.ts';
import type { Process } from '../src/user/process.ts';
import type { MeterBuffers } from './meters.ts';

export const ROLES = [
  'submitter',
  'completer',
  'reaper',
  'getter',
  'migrator',
  'destroyer',
  'canceller',
  'kworker',
] as const;
export type Role = (typeof ROLES)[number];

/** Roles that serve the kernel, to the end of a round. The others are user space, and stop first. */
export const DAEMONS: readonly Role[] = ['completer', 'kworker'];
/** Roles for which QUOTA_FOR_EACH has room: their threads make contexts of their own. */
export const OWNERS: readonly Role[] = ['submitter', 'destroyer'];

/** What the CPUs are to do: the values of the control panel's phase word, in order. */
export const PHASE_IDLE = 0;
/** Join the machine that has just been booted. */
export const PHASE_ATTACH = 1;
export const PHASE_RUN = 2;
/** User space finishes what it is at. */
export const PHASE_STOP = 3;
/** The leader waits for all requests and reads all events. */
export const PHASE_SETTLE = 4;
/** Nothing moves: the operator looks at the kernel. */
export const PHASE_INSPECT = 5;
/** The leader ends the process. */
export const PHASE_TEARDOWN = 6;
/** The daemons finish. */
export const PHASE_SHUTDOWN = 7;
/** The round is given up: come out, whatever you are at. */
export const PHASE_ABORTED = 8;
/** The thread's task ends. */
export const PHASE_EXIT = 9;

/** See Workload.aioMaxNr. */
export const QUOTA_FOR_EACH = -1;
export const QUOTA_FOR_ONE = -2;

/** What user space does in a round; drawn from the seed. */
export interface Workload {
  /** Which program each role runs; `default` where nothing is named. */
  readonly programs: Partial<Record<Role, string>>;
  /** Contexts that all threads share. */
  readonly contexts: number;
  /** What io_setup() is asked for, least and most. */
  readonly nrEventsMin: number;
  readonly nrEventsMax: number;
  /** Share of the shared contexts that user space reads without a syscall, percent. */
  readonly userReapedPercent: number;
  /** Most iocbs of one io_submit(). */
  readonly batch: number;
  /** Bytes of a buffer; a multiple of 8. */
  readonly bufferBytes: number;
  /** Share of requests to the RAM disk, which complete inside io_submit(), percent. */
  readonly inlinePercent: number;
  /** Share of requests to the pending device, which can be cancelled, percent. */
  readonly pendingPercent: number;
  /** Whether those end by themselves, too, in as much time as others; else they wait until they are cancelled. */
  readonly pendingEnds: boolean;
  /** How long a device takes, us. */
  readonly delayMinUs: number;
  readonly delayMaxUs: number;
  /** Accesses between two interrupts of a CPU by the device, on average; 0 for none. */
  readonly interruptEvery: number;
  /** Turns that a thread of user space takes at what it does; 0 for as many as there is time for. */
  readonly turns: number;
  /** Allocations in system calls of which one fails, on average; 0 for none. */
  readonly allocFailsOneIn: number;
  /** Most of a pause between two steps of a thread, us, by role; 0 for none. */
  readonly pauseUs: Partial<Record<Role, number>>;
  /**
   * What aio_max_nr is set to; 0 leaves it alone. QUOTA_FOR_EACH has room for a context for each thread of the
   * OWNERS, QUOTA_FOR_ONE for one.
   */
  readonly aioMaxNr: number;
}

/** What user space does in a round, on whatever kernel. */
export interface UserPlan {
  readonly seed: number;
  /** by CPU */
  readonly roles: readonly Role[];
  /** The one thread of user space that begins and ends the round. */
  readonly leader: number;
  readonly workload: Workload;
}

/** One round, for one CPU. */
export interface RoundPlan extends UserPlan, Build {
  readonly round: number;
  readonly perturb: Perturbation;
  readonly bootTime: number;
  /** address of the RAM disk */
  readonly disk: number;
  /** whose threads user space's CPUs are */
  readonly process: Process;
}

/** What a thread gets when its task begins. */
export interface CpuTask {
  readonly cpu: number;
  readonly machine: Machine;
  readonly ledger: Words;
  readonly meters: MeterBuffers;
  /** The shared schedule, null where the threads run as they like. */
  readonly det: DetBuffers | null;
  readonly port: MessagePort;
}

/** What a thread says first: that it has loaded its code. */
export const LOADED = 'loaded';

/** What a CPU says at the end of a round: that it is out of it. What it has done is in its meter. */
export interface CpuReport {
  readonly cpu: number;
  readonly round: number;
}
