// SPDX-License-Identifier: GPL-2.0-only
/** Ends a run of tests with a line for each reason why tests were left out. */
import type { Reporter, TestModule } from 'vitest/node';

export default class LeftOut implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = new Map<string, number>();
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const result = test.result();
        const note = result.state === 'skipped' ? result.note : undefined;
        if (note !== undefined) counts.set(note, (counts.get(note) ?? 0) + 1);
      }
    }
    for (const [note, count] of counts)
      process.stdout.write(`${count} ${count === 1 ? 'test' : 'tests'} did not run: ${note}\n`);
  }
}
