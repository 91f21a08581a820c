// SPDX-License-Identifier: GPL-2.0-only
/** Lists against an array that does the same. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Addr } from '../arch/sab/memory.ts';
import type { Machine } from '../init/machine.ts';
import { kzalloc } from '../mm/slab.ts';
import { boot, oopsOf } from '../testing/boot.ts';
import {
  INIT_LIST_HEAD,
  list_add,
  list_add_tail,
  list_del,
  list_del_init,
  list_empty,
  list_head,
  list_next,
} from './list.ts';

type Link = Addr<list_head>;
let machine: Machine;
let head: Link;
let nodes: Link[];
beforeEach(() => {
  machine = boot();
  head = kzalloc(8) as Link;
  nodes = Array.from({ length: 6 }, () => kzalloc(8) as Link);
  INIT_LIST_HEAD(head);
});

/** The entries, after a walk in both directions. */
function entries(): Link[] {
  const forward: Link[] = [];
  for (let e = list_next(head); e !== head; e = list_next(e)) forward.push(e);
  const backward: Link[] = [];
  for (let e = list_head.at(head).prev; e !== head; e = list_head.at(e).prev) backward.push(e as Link);
  expect(backward.reverse()).toEqual(forward);
  return forward;
}

describe('list', () => {
  it('is empty when it has been made', () => {
    expect([list_empty(head), entries()]).toEqual([true, []]);
  });
  it('does what an array does', () => {
    const command = fc.record({ op: fc.constantFrom('add', 'add_tail', 'del'), node: fc.nat({ max: 5 }) });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        INIT_LIST_HEAD(head);
        let model: Link[] = [];
        for (const { op, node } of commands) {
          const entry = nodes[node] as Link;
          const listed = model.includes(entry);
          if (op === 'del' && listed) {
            list_del_init(entry);
            model = model.filter((e) => e !== entry);
            expect(list_empty(entry)).toBe(true);
          } else if (op !== 'del' && !listed) {
            if (op === 'add') list_add(entry, head);
            else list_add_tail(entry, head);
            model = op === 'add' ? [entry, ...model] : [...model, entry];
          }
          expect(entries()).toEqual(model);
          expect(list_empty(head)).toBe(model.length === 0);
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  });
  it('poisons what was deleted, so that following it or deleting it again traps', () => {
    const [a, b] = nodes as [Link, Link];
    list_add(a, head);
    list_add(b, head);
    list_del(a);
    expect(entries()).toEqual([b]);
    expect(oopsOf(machine, () => list_next(list_next(a))).kind).toBe('oops:bad-address');
    expect(oopsOf(machine, () => list_del(a)).kind).toBe('oops:bad-address');
    expect(entries()).toEqual([b]);
  });
});
