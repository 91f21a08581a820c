// SPDX-License-Identifier: GPL-2.0-only
/**
 * Where the project is: this file runs as stress/root.ts in a test, and as dist/stress/root.js from the command line.
 */
export const ROOT = new URL(import.meta.url.endsWith('.ts') ? '../' : '../../', import.meta.url);
