// SPDX-License-Identifier: GPL-2.0-only
/** Every torture body, by name. Both sides load it: a thread that boots must know the static data of all the others. */
import type { Body } from '../body.ts';
import { lockBodies } from './locks.ts';

export const bodies: Readonly<Record<string, Body>> = {
  ...lockBodies,
};
