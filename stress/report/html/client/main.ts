// SPDX-License-Identifier: GPL-2.0-only
/** The page's program. The page can be read without it. */
import { enableCopying } from './copy.ts';
import { redraw, watch } from './draw.ts';
import { enableFolding } from './folding.ts';
import { enableTables } from './tables.ts';
import { enableTheme } from './theme.ts';
import { enableZoom } from './zoom.ts';

enableTheme(redraw);
enableTables();
enableCopying();
enableZoom();
watch();
enableFolding();
