// SPDX-License-Identifier: GPL-2.0-only
/** What is expected of a step, as C statements that check it. */
import type { Answer, TraceEvent } from '../conformance/trace.ts';
import { cNumber, cString, ExportError } from './c_text.ts';

/** Answers that are numbers, errors among them. */
const NUMBERS =
  /^(ret|ring_nr|id|ctxp_unchanged|size|delta|key|head|tail|nr|magic|compat_features|incompat_features|header_length)$/;

/** A number, `true`, or the name of an error. */
function valueText(field: string, value: unknown): string {
  if (typeof value === 'number') return cNumber(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'string' && /^-E[A-Z0-9]+$/.test(value)) return value;
  throw new ExportError(`it expects ${field} to be ${JSON.stringify(value)}, which this version does not know`);
}

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
        if (!NUMBERS.test(field)) {
          throw new ExportError(`it expects ${field} of ${op}, which this version cannot check in C`);
        }
        return [`expect(${field}, ${valueText(field, value)});`];
    }
  });
}
