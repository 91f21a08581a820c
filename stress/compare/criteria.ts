// SPDX-License-Identifier: GPL-2.0-only
/** What counts as a difference between two runs. */

/** Smallest difference of interest, as a share. */
export const MIN_EFFECT = 0.05;
/** Blocks of a run, and so the least number of rounds. */
export const BLOCKS = 8;
/** Chance of calling equal figures different; intervals leave out as much. */
export const ALPHA = 0.01;
