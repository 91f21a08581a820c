// SPDX-License-Identifier: GPL-2.0-only
/** What is expected of a step, as C statements that check it. */
import type { Answer, Long, TraceEvent } from '../conformance/trace/kinds.ts';
import { cNumber, cString } from './c_text.ts';

/** A number, `true`, or the name of an error. */
const valueText = (value: unknown): string =>
  typeof value === 'boolean'
    ? String(Number(value))
    : /^-E/.test(String(value))
      ? String(value)
      : cNumber(value as Long);

const eventLiteral = ([iocb, data, res, res2]: TraceEvent): string =>
  `{ ${iocb === null ? 'NULL' : cString(iocb)}, ${[data, res, res2].map((n) => cNumber(n)).join(', ')} }`;

function expectEvents(events: readonly TraceEvent[]): string[] {
  if (events.length === 0) return ['expect_events(0, NULL);'];
  const list = events.map((event) => `\t${eventLiteral(event)},`);
  return [`expect_events(${events.length}, (const struct wanted_event[]){`, ...list, '});'];
}

/** @param op - name of the step */
export function expectations(op: string, expected: Answer): string[] {
  return Object.entries(expected).flatMap(([field, value]) => {
    switch (field) {
      case 'events':
        return expectEvents(value as readonly TraceEvent[]);
      case 'event':
        return expectEvents([value as TraceEvent]);
      case 'first':
        return [`expect_event(0, (struct wanted_event)${eventLiteral(value as TraceEvent)});`];
      case 'last':
        return [`expect_last_event((struct wanted_event)${eventLiteral(value as TraceEvent)});`];
      case 'events_sha':
        return [`expect_events_sha(${cString(String(value))});`];
      case 'sha':
        return [
          `expect_sha(${cString(String(value))}, ${cString(op === 'file_sha' ? 'the file’s bytes' : 'the bytes')});`,
        ];
      default:
        return [`expect(${field}, ${valueText(value)});`];
    }
  });
}
