// SPDX-License-Identifier: GPL-2.0-only
/** Every accepted request gives an event. Duplicates and corrupt events are seen as they are read (delivery.ts). */
import { objectRef } from '../../src/kernel/object_ref.ts';
import { ACCEPTED, DELIVERED, DONE, PRIVATE_SLOT, RACED, SETTLED, seqOf, slotOf } from '../../workers/ledger.ts';
import { hex, type Inspection, type Observation } from './inspection.ts';

/** Requests whose event never came, on contexts that are still there. @context all events have been read */
export function lostEvents({ ledger, books }: Pick<Inspection, 'ledger' | 'books'>): Observation[] {
  if (!books) return [];
  const lost: number[] = [];
  const unfinished: number[] = [];
  for (let entry = 0; entry < ledger.entries; entry++) {
    const state = ledger.state(entry);
    if ((state & (ACCEPTED | DELIVERED | RACED | SETTLED)) !== ACCEPTED) continue;
    const owner = ledger.owner(entry);
    const slot = slotOf(owner);
    // A context that was destroyed takes its unread events along.
    if (slot === PRIVATE_SLOT || ledger.seq(slot) !== seqOf(owner)) continue;
    ((state & DONE) !== 0 ? lost : unfinished).push(entry);
  }
  const about = (entries: number[], kind: 'event:lost' | 'hang', title: string): Observation[] =>
    entries.length === 0
      ? []
      : [
          {
            kind,
            title,
            text: [`${entries.length} requests, such as iocb ${hex(ledger.obj(entries[0] as number))}`],
            objects: entries.slice(0, 4).map((entry) => objectRef('iocb', ledger.obj(entry))),
          },
        ];
  return [
    ...about(lost, 'event:lost', 'a request was done and its event never came'),
    ...about(unfinished, 'hang', 'a request was accepted and the device never finished it'),
  ];
}
