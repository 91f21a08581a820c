// SPDX-License-Identifier: GPL-2.0-only
/** Completers: the interrupt side of a device. Each serves a queue until the machine shuts down. */
import { currentPhase } from '../src/arch/sab/control.ts';
import { nullb_thread, setDeviceProbe } from '../src/drivers/null_blk.ts';
import { objectRef } from '../src/kernel/object_ref.ts';
import { kernel_enter, kernel_exit } from '../src/kernel/sched/core.ts';
import { PHASE_SHUTDOWN } from './protocol.ts';
import type { User } from './user.ts';

const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;

/** Has the books told of each request that this CPU ends, and looks at it. */
export function watchDevice(user: User): void {
  const { ledger } = user;
  const { submitter } = user.plan.workload.programs;
  function deviceFinished(entry: number, generation: number, obj: number): void {
    // A request that its submitter has been told is over must not be here any more.
    if (ledger.deviceDone(entry, generation) || submitter === 'hostile') return;
    user.finding(
      'destroy:requests-in-flight',
      'the device completes a request of a context whose destruction has returned',
      [`iocb ${hex(obj)}, entry ${entry}`],
      [objectRef('iocb', obj)],
    );
  }
  // Who keeps a context to himself judges by it what is lost.
  const completed = submitter === 'overcommit' ? ledger.completed.bind(ledger) : null;
  setDeviceProbe({ finished: deviceFinished, completed });
}

/** The role. @param queue - its number among the completers */
export function completer(user: User, queue: number): void {
  kernel_enter();
  const ended = nullb_thread(queue, () => currentPhase() >= PHASE_SHUTDOWN);
  kernel_exit();
  user.count('completed by device', ended);
}
