// SPDX-License-Identifier: GPL-2.0-only
/** A scenario on a build: its rounds so far, and what they add up to. */
import type { OopsRecord } from '../src/kernel/oops.ts';
import type { Slug } from '../src/reverts/registry.ts';
import type { Role } from '../workers/protocol.ts';
import { knownBug } from './known.ts';
import type { Finding, Outcome, ScenarioResult } from './report/result.ts';
import type { RoundResult } from './round.ts';
import { mayShow } from './scenarios/index.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { sourceFrame } from './source_lines.ts';

type Counting = { -readonly [K in keyof Finding]: Finding[K] } & { lastRound: number };

/** The same problem, whenever and wherever it shows. */
const signature = ({ kind, title, where }: OopsRecord): string => `${kind}|${title}|${where}`;

export class Case {
  readonly scenario: Scenario;
  readonly reverted: readonly Slug[];
  readonly roles: readonly Role[];
  /** Whether the reverts are ones that this scenario shows, natively. */
  readonly expectsFinding: boolean;
  rounds = 0;
  elapsedMs = 0;
  firstFindingMs: number | null = null;
  private readonly operations: Record<string, number> = {};
  private readonly findings = new Map<string, Counting>();

  constructor(scenario: Scenario, reverted: readonly Slug[], roles: readonly Role[]) {
    this.scenario = scenario;
    this.reverted = reverted;
    this.roles = roles;
    this.expectsFinding = scenario.native && scenario.fixedBy.some((slug) => reverted.includes(slug));
  }

  get surfaced(): boolean {
    return this.firstFindingMs !== null;
  }

  /** @param startedMs - of the round, since the start of the run */
  add(round: RoundResult, startedMs: number): void {
    for (const record of round.records) this.addRecord(record, round, startedMs);
    for (const [name, n] of Object.entries(round.operations)) this.operations[name] = (this.operations[name] ?? 0) + n;
    this.rounds += 1;
    this.elapsedMs += round.elapsedMs;
  }

  private addRecord(record: OopsRecord, round: RoundResult, startedMs: number): void {
    const known = knownBug(record, round.operations);
    const atMs = record.us / 1000;
    if (known === null && mayShow(this.reverted, record.kind)) {
      this.firstFindingMs = Math.min(this.firstFindingMs ?? Number.POSITIVE_INFINITY, this.elapsedMs + atMs);
    }
    const seen = this.findings.get(signature(record));
    if (seen !== undefined) {
      seen.count += 1;
      if (seen.lastRound !== this.rounds) seen.rounds += 1;
      seen.lastRound = this.rounds;
      return;
    }
    const { kind, title, where, cpu, role, text, objects, cpus } = record;
    const stack = record.stack.map(sourceFrame);
    const expected = known === null && mayShow(this.reverted, kind);
    const first = { kind, title, where, cpu, role, text, objects, stack, cpus, known, expected };
    this.findings.set(signature(record), {
      ...first,
      count: 1,
      rounds: 1,
      firstAtMs: startedMs + atMs,
      lastRound: this.rounds,
    });
  }

  /** Findings that a build with these fixes should not show. */
  unexpected(): Finding[] {
    return this.list().filter(({ known, expected }) => known === null && !expected);
  }

  private list(): Finding[] {
    return [...this.findings.values()].map(({ lastRound: _, ...finding }) => finding);
  }

  /** Events read so far. */
  get events(): number {
    return this.operations['reaped'] ?? 0;
  }

  private outcomes(): Outcome[] {
    const counts = new Map<string, number>();
    for (const { kind, count, known } of this.findings.values()) {
      const result = known === null ? kind : `${kind} (known)`;
      counts.set(result, (counts.get(result) ?? 0) + count);
    }
    const declared = Object.entries(this.scenario.outcomes).map(([result, { expect, description }]) => ({
      result,
      samples: counts.get(result) ?? this.operations[result] ?? 0,
      expect,
      description,
    }));
    const undeclared = [...counts]
      .filter(([result]) => !Object.hasOwn(this.scenario.outcomes, result))
      .map(([result, samples]) => ({
        result,
        samples,
        expect: result.endsWith('(known)') ? ('INTERESTING' as const) : ('FORBIDDEN' as const),
        description: result.endsWith('(known)')
          ? 'a bug that v3.17 is known to have'
          : 'nothing of the kind may happen',
      }));
    return [...declared, ...undeclared];
  }

  /** Required goals that were never reached. */
  vacuous(): string[] {
    return Object.entries(this.scenario.goals)
      .filter(([name, need]) => need === 'required' && (this.operations[name] ?? 0) === 0)
      .map(([name]) => name);
  }

  result(): ScenarioResult {
    const { scenario, reverted, expectsFinding, rounds, elapsedMs, operations, firstFindingMs } = this;
    return {
      name: scenario.name,
      description: scenario.description,
      build: { reverted },
      expectsFinding,
      rounds,
      elapsedMs,
      operations,
      outcomes: this.outcomes(),
      findings: this.list(),
      goals: Object.fromEntries(
        Object.entries(scenario.goals).map(([name, need]) => [
          name,
          { count: operations[name] ?? 0, required: need === 'required' },
        ]),
      ),
      firstFindingMs,
    };
  }
}
