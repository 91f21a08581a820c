// SPDX-License-Identifier: GPL-2.0-only
/**
 * What stands for IOCB_CMD_POLL, which v3.17 has not: a read of a file that is ready when another one is.
 *
 * The read ends with what that file is ready for. Until then it is pending, and can be cancelled.
 */
import { lo32 } from '../../../src/arch/sab/struct.ts';
import { nullb_complete_where, nullb_queue_rq } from '../../../src/drivers/null_blk.ts';
import type { kiocb } from '../../../src/fs/aio/kioctx.ts';
import {
  alloc_file,
  defineFops,
  FMODE_READ,
  FMODE_WRITE,
  f_op,
  file,
  fput,
  get_file,
  set_poll_listener,
} from '../../../src/fs/file.ts';
import { iovec } from '../../../src/uapi/aio_abi.ts';
import { DEFAULT_POLLMASK, POLLERR, POLLHUP } from '../../../src/uapi/poll.ts';

const targetOf = (filp: file): file => file.at(filp.private_data);
/** What a poll for these events is told. */
const ready = (filp: file, events: number): number =>
  (f_op(filp).poll?.(filp) ?? DEFAULT_POLLMASK) & (events | POLLERR | POLLHUP);

const poll_fops = defineFops({
  name: 'poll',
  read_iter(iocb, iov) {
    const mask = ready(targetOf(iocb.ki_filp), lo32(iovec.at(iov).iov_base));
    return mask === 0 ? nullb_queue_rq(iocb, iov, false, true) : mask;
  },
  release: (filp) => fput(targetOf(filp)),
});

/** A file to read in place of a poll of that one, with a reference to it; null if memory is out. */
export function poll_file(target: file): file | null {
  const filp = alloc_file(poll_fops, FMODE_READ, null);
  if (filp === null) return null;
  get_file(target);
  filp.private_data = target.addr;
  return filp;
}

const isPoll = ({ ki_filp }: kiocb): boolean => f_op(ki_filp).name === 'poll';

/** Objects of which a file was released since anybody has looked. */
const released: number[] = [];

/** Ends polls of an object, newest first: that is the order of the queue that they wait in. */
function endPolls(object: number, end: number, mask: number): void {
  const waits = (iocb: kiocb, events: number): boolean => {
    if (!isPoll(iocb)) return false;
    const target = targetOf(iocb.ki_filp);
    if (target.private_data !== object || (target.f_mode & end) === 0) return false;
    return (mask === 0 ? ready(target, events) : mask & (events | POLLERR | POLLHUP)) !== 0;
  };
  while (nullb_complete_where(waits, mask || POLLHUP, 'newest'));
}

/** Ends polls from now on as what they wait for comes. */
export function watchPolls(): void {
  released.length = 0;
  set_poll_listener((object, end, mask) => {
    if (mask === 0) released.push(object);
    else endPolls(object, end, mask);
  });
}

/** A system call ends: those who poll hear of files that were released. @context no locks held */
export function tellOfReleased(): void {
  for (const object of released.splice(0)) endPolls(object, FMODE_READ | FMODE_WRITE, 0);
}
