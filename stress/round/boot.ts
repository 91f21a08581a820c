// SPDX-License-Identifier: GPL-2.0-only
/** Boots a fresh kernel for a round, and the process whose threads user space's CPUs are. Runs on the main thread. */
import { ktime_get } from '../../src/arch/sab/clock.ts';
import { setHook, store32 } from '../../src/arch/sab/memory.ts';
import { diskWord } from '../../src/drivers/disk_word.ts';
import { endpoint_open } from '../../src/drivers/endpoint.ts';
import { nullb_open, nullb_set_delay } from '../../src/drivers/null_blk.ts';
import { type ramdisk, ramdisk_create, ramdisk_open } from '../../src/drivers/ramdisk.ts';
import { aio } from '../../src/fs/aio/kioctx.ts';
import { FMODE_READ, FMODE_WRITE, fd_install, type file, files_struct } from '../../src/fs/file.ts';
import { type Machine, start_kernel } from '../../src/init/machine.ts';
import { enableLockDebug } from '../../src/kernel/locking/lock_debug.ts';
import { kernel_enter, kernel_exit } from '../../src/kernel/sched/core.ts';
import type { Build } from '../../src/reverts/registry.ts';
import { become, type Process, spawn } from '../../src/user/process.ts';
import { INLINE_BYTES } from '../../workers/layout.ts';
import { OWNERS, QUOTA_FOR_EACH, type Role, type Workload } from '../../workers/protocol.ts';
import { pagesAtRest } from '../oracles/leaks.ts';

export interface Booted {
  readonly process: Process;
  /** ktime_get() of the boot */
  readonly bootTime: number;
  /** pagesAtRest() before there was a process */
  readonly pages: number;
  /** address of the RAM disk that the process has open */
  readonly disk: number;
}

/** io_setup(nr) is charged so much. */
const charge = (nrEvents: number, cpus: number): number => Math.max(nrEvents, 4 * cpus) * 2;

/** @param areaBytes - private memory for all CPUs, bytes */
export function bootRound(
  machine: Machine,
  workload: Workload,
  roles: readonly Role[],
  build: Build,
  seed: number,
  areaBytes: number,
): Booted {
  const bootTime = ktime_get();
  const completers = roles.filter((role) => role === 'completer').length;
  start_kernel(machine, { cpu: 0, ...build, seed, perturb: 'none', debug: true, roles, bootTime }, completers);
  enableLockDebug(null);
  setHook(null);
  const pages = pagesAtRest();
  nullb_set_delay(workload.delayMinUs, workload.delayMaxUs, workload.pendingEnds);
  if (workload.aioMaxNr > 0) aio.it.aio_max_nr = workload.aioMaxNr;
  if (workload.aioMaxNr < 0) {
    const each = workload.aioMaxNr === QUOTA_FOR_EACH;
    const contexts = each ? roles.filter((role) => OWNERS.includes(role)).length : 1;
    aio.it.aio_max_nr = (contexts * charge(workload.nrEventsMax, machine.cpus)) / 2;
  }
  const process = spawn(areaBytes, 0);
  kernel_enter();
  const disk = makeDisk();
  // In the order of FD_INLINE, FD_DEVICE, FD_PENDING.
  const files = [ramdisk_open(disk, FMODE_READ | FMODE_WRITE, 0), nullb_open(), endpoint_open()];
  for (const filp of files) fd_install(files_struct.at(process.files), filp as file);
  kernel_exit();
  become({ mm: 0, files: 0 });
  return { process, bootTime, pages, disk: disk.addr };
}

/** A RAM disk that reads as the device does. */
function makeDisk(): ramdisk {
  const disk = ramdisk_create(INLINE_BYTES);
  if (typeof disk === 'number')
    throw new Error('the arena is too small for the RAM disk: give --arena-mib a larger number');
  for (let n = 0; n < INLINE_BYTES / 4; n++) store32(disk.data + 4 * n, diskWord(n));
  disk.size = INLINE_BYTES;
  return disk;
}
