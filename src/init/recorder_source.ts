// SPDX-License-Identifier: GPL-2.0-only
/** What this machine tells the recorder of a schedule: trace points, records of problems, stacks. */
import type { Note, Source } from '../det/full_recorder.ts';
import { frameOf, type OopsLog, oopsCount } from '../kernel/oops.ts';
import { flightRecorder, lastNotes, stepsTaken } from '../trace/flight_recorder.ts';

/** The frames of this thread's stack, innermost first, without the machine's own. */
function frames(): string {
  return (new Error('here').stack ?? '')
    .split('\n')
    .flatMap((text) => {
      const frame = frameOf(text);
      return frame === null || /^src\/(arch\/sab|det|init)\//.test(frame.file) ? [] : [frame.line];
    })
    .join('\n');
}

const NONE: readonly Note[] = [];

export function sourceOf(cpu: number, oops: OopsLog): Source {
  let told = 0;
  return {
    notes() {
      const words = flightRecorder();
      const taken = words === null ? told : stepsTaken(words, cpu);
      if (words === null || taken === told) return NONE;
      const notes = lastNotes(words, cpu, taken - told);
      told = taken;
      return notes;
    },
    problems: () => oopsCount(oops),
    frames,
  };
}
