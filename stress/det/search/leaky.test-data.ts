// SPDX-License-Identifier: GPL-2.0-only
/**
 * Something that no seed knows of gets into a scenario: its turns are counted on from run to run. Loaded before the
 * command (`node --import`), which has to notice it.
 */
import { SMALL_SCENARIOS } from '../../scenarios/index.ts';

let runs = 0;
for (const scenario of SMALL_SCENARIOS) {
  const { draw } = scenario;
  Object.assign(scenario, { draw: (...given: Parameters<typeof draw>) => ({ ...draw(...given), turns: 1 + runs++ }) });
}
