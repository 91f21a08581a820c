// SPDX-License-Identifier: GPL-2.0-only
/** report.html: a run as a page. */
import { VERDICT_WORDS } from '../../html/badges.ts';
import { shell } from '../../html/shell.ts';
import type { Finding, Run, RunResult } from '../../result/run_result.ts';
import { verdictLine } from '../parts/parameters.ts';
import { activity } from './activity.ts';
import { environment } from './environment.ts';
import { foundWorstFirst } from './finding_classes.ts';
import { findings, SHOWN } from './findings.ts';
import { goals } from './goals.ts';
import { latency } from './latency.ts';
import { locks } from './locks.ts';
import { outcomes } from './outcomes.ts';
import { overTime } from './over_time.ts';
import { thresholds } from './thresholds.ts';
import { verdict } from './verdict.ts';
import { worth } from './worth.ts';

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
