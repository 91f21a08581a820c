// SPDX-License-Identifier: GPL-2.0-only
/**
 * The four places at which fs/aio.c orders accesses, as litmus tests, each with its barrier and without.
 *
 * @linux fs/aio.c aio_complete(), aio_read_events_ring(), wait_on_sync_kiocb() v3.17
 */
import { allBut, type Litmus, X, Y } from './litmus.test-data.ts';

/** Of a ring: what a slot holds, and the tail that covers it. */
const EVENT = X;
const TAIL = Y;
/** Of a wait queue: whether somebody is in it. */
const WAITERS = X;
/** Of a synchronous request: its result, and ki_ctx, which says that it is there. */
const RESULT = X;
const DONE = Y;
const STATE = 2;

/** The tail has been seen, and an old event behind it. */
const OLD_EVENT = '10';
/** The completion has seen nobody wait, and who waits has seen the old tail: nobody will wake it. */
const LOST_WAKE_UP = '00';
/** The request is done, and its result is an old one. */
const OLD_RESULT = '10';

export const ORDERING_POINTS: readonly Litmus[] = [
  {
    name: 'aio_complete(): the event, smp_wmb(), the tail; aio_read_events_ring(): the tail, smp_rmb(), the event',
    threads: [
      [['store', EVENT, 1], ['wmb'], ['store', TAIL, 1]],
      [['load', TAIL, 0], ['rmb'], ['load', EVENT, 1]],
    ],
    sc: allBut(2, OLD_EVENT),
    more: {},
  },
  {
    name: 'the same without smp_wmb(): 679c40a86efa',
    threads: [
      [
        ['store', EVENT, 1],
        ['store', TAIL, 1],
      ],
      [['load', TAIL, 0], ['rmb'], ['load', EVENT, 1]],
    ],
    sc: allBut(2, OLD_EVENT),
    more: { weak: [OLD_EVENT] },
  },
  {
    name: 'the same without smp_rmb(): 2ff396be602f',
    threads: [
      [['store', EVENT, 1], ['wmb'], ['store', TAIL, 1]],
      [
        ['load', TAIL, 0],
        ['load', EVENT, 1],
      ],
    ],
    sc: allBut(2, OLD_EVENT),
    more: { weak: [OLD_EVENT] },
  },
  {
    name: 'aio_complete(): the tail, smp_mb(), who waits?; read_events(): wait, set_current_state(), the tail',
    threads: [
      [['store', TAIL, 1], ['mb'], ['load', WAITERS, 0]],
      [
        ['store', WAITERS, 1],
        ['set_mb', STATE, 1],
        ['load', TAIL, 1],
      ],
    ],
    sc: allBut(2, LOST_WAKE_UP),
    more: {},
  },
  {
    name: 'the same without smp_mb(): 6cb2a21049b8',
    threads: [
      [
        ['store', TAIL, 1],
        ['load', WAITERS, 0],
      ],
      [
        ['store', WAITERS, 1],
        ['set_mb', STATE, 1],
        ['load', TAIL, 1],
      ],
    ],
    sc: allBut(2, LOST_WAKE_UP),
    more: { tso: [LOST_WAKE_UP], weak: [LOST_WAKE_UP] },
  },
  {
    name: 'aio_complete(): the result, smp_wmb(), ki_ctx; wait_on_sync_kiocb(): ki_ctx, has slept, the result',
    threads: [
      [['store', RESULT, 1], ['wmb'], ['store', DONE, 1]],
      [['load', DONE, 0], ['mb'], ['load', RESULT, 1]],
    ],
    sc: allBut(2, OLD_RESULT),
    more: {},
  },
  {
    name: 'the same without smp_wmb()',
    threads: [
      [
        ['store', RESULT, 1],
        ['store', DONE, 1],
      ],
      [['load', DONE, 0], ['mb'], ['load', RESULT, 1]],
    ],
    sc: allBut(2, OLD_RESULT),
    more: { weak: [OLD_RESULT] },
  },
  {
    name: 'the same where it has not slept: v3.17 has no read barrier there',
    threads: [
      [['store', RESULT, 1], ['wmb'], ['store', DONE, 1]],
      [
        ['load', DONE, 0],
        ['load', RESULT, 1],
      ],
    ],
    sc: allBut(2, OLD_RESULT),
    more: { weak: [OLD_RESULT] },
  },
];
