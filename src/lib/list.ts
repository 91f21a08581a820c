// SPDX-License-Identifier: GPL-2.0-only
/**
 * Doubly linked lists whose links are inside the objects. A list is the address of its head.
 *
 * @linux include/linux/list.h v3.17
 */
import { type Addr, load32, store32 } from '../arch/sab/memory.ts';
import { struct, u32, type View } from '../arch/sab/struct.ts';

export const list_head = struct('list_head', {
  /** address of the next list_head */
  next: u32,
  prev: u32,
});
export type list_head = View<typeof list_head>;
type Link = Addr<list_head>;
const PREV = list_head.offsetof.prev;

export const list_next = (entry: Link): Link => load32(entry) as Link;

export function INIT_LIST_HEAD(list: Link): void {
  store32(list, list);
  store32(list + PREV, list);
}

export const list_empty = (head: Link): boolean => load32(head) === head;

/**
 * As list_empty(), without the lock, for an entry that nobody adds any more: once both links lead to itself, whoever
 * unlinked it does not touch it again. @linux include/linux/list.h list_empty_careful() v3.17
 */
export function list_empty_careful(head: Link): boolean {
  const next = load32(head);
  return next === head && next === load32(head + PREV);
}

function __list_add(entry: Link, prev: number, next: number): void {
  store32(next + PREV, entry);
  store32(entry, next);
  store32(entry + PREV, prev);
  store32(prev, entry);
}

/** Inserts behind the head: a stack. */
export function list_add(entry: Link, head: Link): void {
  __list_add(entry, head, load32(head));
}

/** Inserts before the head: a queue. */
export function list_add_tail(entry: Link, head: Link): void {
  __list_add(entry, load32(head + PREV), head);
}

function __list_del(entry: Link): void {
  const next = load32(entry);
  const prev = load32(entry + PREV);
  store32(next + PREV, prev);
  store32(prev, next);
}

/** What the links of an entry hold after list_del(); no address, so using them traps. */
const LIST_POISON1 = 0x00100100;
const LIST_POISON2 = 0x00200200;

export function list_del(entry: Link): void {
  __list_del(entry);
  store32(entry, LIST_POISON1);
  store32(entry + PREV, LIST_POISON2);
}

/** Unlinks; the entry then links to itself, so its `next` is not NULL. */
export function list_del_init(entry: Link): void {
  __list_del(entry);
  INIT_LIST_HEAD(entry);
}
