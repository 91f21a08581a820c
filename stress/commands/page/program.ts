// SPDX-License-Identifier: GPL-2.0-only
/** The page's program. The page can be read without it. */
import { enableCopying } from '../../html/client/copy.ts';
import { redraw, watch } from '../../html/client/draw.ts';
import { enableFolding } from '../../html/client/folding.ts';
import { enableTables } from '../../html/client/tables.ts';
import { enableTheme } from '../../html/client/theme.ts';
import { enableZoom } from '../../html/client/zoom.ts';
import { KINDS } from './kinds.ts';

enableTheme(redraw);
enableTables();
enableCopying();
enableZoom();
watch(KINDS);
enableFolding();
