// SPDX-License-Identifier: GPL-2.0-only
/**
 * Before 4faa99965e02 (v4.17), as far as v3.17 can have it: transposed.
 *
 * free_ioctx_users() unlinks a request and then has it cancelled. In v3.17 that is right, because aio_complete() asks
 * whether the request ever was in the list, and takes ctx_lock if so. Kernels before v4.17 asked whether it is in the
 * list now (a list head that is empty from the start stands for "never"), and then the order of the two is wrong:
 *
 *   free_ioctx_users()                      aio_complete()
 *   lock ctx_lock
 *   list_del_init(ki_list)
 *                                           list_empty_careful(ki_list): nobody knows of it, no lock
 *                                           write the event, free the request
 *   kiocb_cancel(): reads what is freed
 *   unlock ctx_lock
 *
 * The fix cancels first and unlinks then. v3.17 never had the defect; what is taken back here is its own question.
 */
import type { kiocb } from '../fs/aio/kioctx.ts';
import { list_empty_careful } from '../lib/list.ts';

/** @linux fs/aio.c aio_complete() v4.16 */
export const is_listed = (req: kiocb): boolean => !list_empty_careful(req.ki_list);
