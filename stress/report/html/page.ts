// SPDX-License-Identifier: GPL-2.0-only
/** report.html: a run as a page. */
import { verdictLine } from '../parameters.ts';
import type { Finding, Run, RunResult } from '../result.ts';
import { activity } from './sections/activity.ts';
import { environment } from './sections/environment.ts';
import { foundWorstFirst } from './sections/finding_classes.ts';
import { findings, SHOWN } from './sections/findings.ts';
import { goals } from './sections/goals.ts';
import { VERDICT_WORDS } from './sections/labels.ts';
import { latency } from './sections/latency.ts';
import { locks } from './sections/locks.ts';
import { outcomes } from './sections/outcomes.ts';
import { overTime } from './sections/over_time.ts';
import { thresholds } from './sections/thresholds.ts';
import { verdict } from './sections/verdict.ts';
import { worth } from './sections/worth.ts';
import { shell } from './shell.ts';

/** The result without the CPUs of findings that are too many for a page. */
function embedded(result: RunResult): RunResult {
  const left = new Set<Finding>(
    foundWorstFirst(result.scenarios)
      .slice(SHOWN)
      .map(({ finding }) => finding),
  );
  if (left.size === 0) return result;
  const scenarios = result.scenarios.map((scenario) => ({
    ...scenario,
    findings: scenario.findings.map((finding) =>
      left.has(finding) ? { ...finding, cpus: [], explained: null } : finding,
    ),
  }));
  return { ...result, scenarios };
}

export function toHtml({ result }: Run): string {
  return shell({
    title: `${VERDICT_WORDS[result.verdict].word}: kioctx stress, seed ${result.parameters.seed}`,
    name: 'stress report',
    banner: verdict(result),
    sections: [
      outcomes(result),
      findings(result),
      locks(result),
      latency(result),
      overTime(result),
      activity(result),
      thresholds(result),
      goals(result),
      environment(result),
      worth(result),
    ],
    end: verdictLine(result),
    data: embedded(result),
  });
}
