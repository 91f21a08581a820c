// SPDX-License-Identifier: GPL-2.0-only
/**
 * Files whose requests can be cancelled, as those of an endpoint of the USB gadget driver: the only such files that
 * v3.17 has.
 *
 * An open file has data of its own, which its release() frees. Who queues a request holds their lock until the request
 * is queued, and so touches them when it may be complete already.
 *
 * @linux drivers/usb/gadget/legacy/inode.c ep_aio_rwtail(), ep_release() v3.17
 */
import { embed, struct, type View } from '../arch/sab/struct.ts';
import type { kiocb } from '../fs/aio/kioctx.ts';
import { alloc_file, defineFops, FMODE_READ, FMODE_WRITE, type file } from '../fs/file.ts';
import { mutex, mutex_init, mutex_lock, mutex_unlock } from '../kernel/locking/mutex.ts';
import { defineCache, kmem_cache_alloc, kmem_cache_free } from '../mm/slab.ts';
import { nullb_queue_rq } from './null_blk.ts';

const ep_data = struct('ep_data', {
  /** held while a request is queued */
  lock: embed(mutex),
});
type ep_data = View<typeof ep_data>;
const ep_data_cachep = defineCache('ep_data', ep_data);

const epDataOf = (filp: file): ep_data => ep_data.at(filp.private_data);

/** @returns -EIOCBQUEUED or -errno @context may sleep */
function ep_aio_rwtail(iocb: kiocb, iov: number, write: boolean): number {
  const epdata = epDataOf(iocb.ki_filp);
  mutex_lock(epdata.lock);
  const value = nullb_queue_rq(iocb, iov, write, true);
  mutex_unlock(epdata.lock);
  return value;
}

const endpoint_fops = defineFops({
  name: 'endpoint',
  read_iter: (iocb, iov) => ep_aio_rwtail(iocb, iov, false),
  write_iter: (iocb, iov) => ep_aio_rwtail(iocb, iov, true),
  release: (filp) => kmem_cache_free(ep_data_cachep, filp.private_data),
});

/** Opens an endpoint; null if memory is out. */
export function endpoint_open(): file | null {
  const addr = kmem_cache_alloc(ep_data_cachep);
  if (addr === 0) return null;
  mutex_init(ep_data.at(addr).lock, 'endpoint_lock');
  const filp = alloc_file(endpoint_fops, FMODE_READ | FMODE_WRITE, null);
  if (filp === null) kmem_cache_free(ep_data_cachep, addr);
  else filp.private_data = addr;
  return filp;
}
