// SPDX-License-Identifier: GPL-2.0-only
/** The project's folder: this file runs as stress/host/root.ts in a test, and from dist/stress/host/ otherwise. */
export const ROOT = new URL(import.meta.url.endsWith('.ts') ? '../../' : '../../../', import.meta.url);
