// SPDX-License-Identifier: GPL-2.0-only
/** A command line as `npm run stress` reads it, which loads the scenarios in between. */
import type { KnownScenario } from '../scenarios/scenario.ts';
import { type Asked, readStressCommand } from './command.ts';
import type { Options } from './options.ts';
import { type Listed, optionsOf } from './stress_options.ts';

export function parseOptions(
  argv: readonly string[],
  known: readonly KnownScenario[],
): Options | Listed | Exclude<Asked, { kind: 'given' }> {
  const asked = readStressCommand(argv);
  return asked.kind === 'given' ? optionsOf(asked.given, known) : asked;
}
