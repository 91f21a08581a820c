// SPDX-License-Identifier: GPL-2.0-only
/** The house rules, as tests. A broken rule is a line `path:line: what is wrong`. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';
import { FIXES, SLUGS } from './reverts/registry.ts';

const ROOT = join(import.meta.dirname, '..');
const SKIP = new Set(['node_modules', 'dist', 'coverage', '.git']);

function walk(dir: string): string[] {
  return readdirSync(join(ROOT, dir), { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return SKIP.has(entry.name) || dir === 'reports' ? [] : walk(path);
    return [path];
  });
}

interface Import {
  readonly line: number;
  readonly target: string;
  readonly typeOnly: boolean;
}
interface Source {
  readonly path: string;
  readonly lines: readonly string[];
  /** The lines without comments and strings. */
  readonly code: readonly string[];
  readonly imports: readonly Import[];
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|[\s;{}(,])\/\/.*$/gm, '$1');
const withoutStrings = (text: string): string => text.replace(/'(?:[^'\\\n]|\\.)*'/g, "''");

const IMPORT = /^(?:import|export)\s+(type\s)?(?:[^;'"]*?\sfrom\s)?'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm;
const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;

function load(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const bare = withoutComments(text);
  const imports = [...bare.matchAll(IMPORT)].map((m) => ({
    line: lineAt(bare, m.index),
    target: normalize(join(dirname(path), m[2] ?? m[3] ?? '')),
    typeOnly: m[1] !== undefined,
  }));
  return { path, lines: text.split('\n'), code: withoutStrings(bare).split('\n'), imports };
}

const files = walk('.');
const sources = files.filter((path) => path.endsWith('.ts')).map(load);
const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.includes('/testing/');

/** Fails with every broken rule on a line of its own. */
function none(errors: readonly string[]): void {
  expect(errors.join('\n')).toBe('');
}

/** The lines of the sources that `pick` chooses on which `pattern` stands, outside of comments and strings. */
function grep(pattern: RegExp, what: string, pick: (path: string) => boolean): string[] {
  return sources
    .filter(({ path }) => pick(path))
    .flatMap(({ path, code }) =>
      code.flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${what}: ${line.trim()}`] : [])),
    );
}

/** The layers, lowest first. A file may import its own layer and every lower one. */
const LAYERS: readonly RegExp[] = [
  /^src\/arch\/sab\//,
  /^src\/(uapi\/|reverts\/registry\.ts)/,
  /^src\/(trace\/|lib\/list\.ts|kernel\/(locking\/|sched\/|object_ref\.ts|oops\.ts|panic\.ts))/,
  /^src\/mm\//,
  /^src\/(kernel\/(rcu\/|workqueue\.ts)|lib\/percpu-refcount\.ts)/,
  // One layer: an old function of reverts/ calls what stands beside the one that it replaces.
  /^src\/(fs|drivers|reverts)\//,
  /^src\/(user|init|det)\//,
  /^workers\//,
  /^stress\//,
];
const layerOf = (path: string): number => LAYERS.findIndex((layer) => layer.test(path));

test('imports go downwards', () => {
  const errors: string[] = [];
  for (const { path, imports } of sources) {
    if (!path.includes('/')) continue;
    // A test may use all of src, whatever it stands beside.
    const layer = isTest(path) && path.startsWith('src/') ? layerOf('workers/') : layerOf(path);
    if (layer < 0) errors.push(`${path}:1: stands in no layer; see LAYERS in src/tidy.test.ts`);
    for (const { line, target } of imports) {
      if (layerOf(target) > layer) errors.push(`${path}:${line}: imports ${target}, which is in a higher layer`);
      if (path.startsWith('stress/oracles/') && target.startsWith('src/reverts/')) {
        errors.push(`${path}:${line}: an oracle knows the promises, not the bugs`);
      }
    }
  }
  none(errors);
});

const byPath = new Map(sources.map((source) => [source.path, source]));

/** The files that are loaded when one is. @param types - whether those that it has only types from count, too */
function reach(from: string, types = false): Set<string> {
  const seen = new Set<string>();
  const todo = [from];
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    for (const { target, typeOnly } of byPath.get(path)?.imports ?? []) {
      if ((typeOnly && !types) || seen.has(target)) continue;
      seen.add(target);
      todo.push(target);
    }
  }
  return seen;
}

/** The engine schedules, records, searches and cuts down what it is given: it makes no memory, and knows no kernel. */
const ENGINE = new RegExp(
  '^(src/(det/|arch/sab/(words|word_struct|access|control)\\.ts)|' +
    'stress/det/(schedule/(?!read)|search/dfs|minimise/(ddmin|minimiser)))(?!.*\\.test)',
);
const OF_THE_KERNEL = /^src\/(arch\/sab\/(ram|memory|struct)\.ts|kernel|mm|fs|drivers|init|user|lib|trace|reverts)/;

test('the deterministic engine imports nothing of the kernel, and no memory', () => {
  none(
    sources
      .filter(({ path }) => ENGINE.test(path))
      .flatMap(({ path }) =>
        [...reach(path)].filter((to) => OF_THE_KERNEL.test(to)).map((to) => `${path}:1: loads ${to}`),
      ),
  );
});

/** C's forward declarations of struct file and eventfd_ctx. */
const FORWARD_DECLARED = /^src\/fs\/(aio\/kioctx|file|eventfd)\.ts$/;

test('imports make no cycle, of types neither', () => {
  const reached = new Map(sources.map(({ path }) => [path, reach(path, true)]));
  none(
    [...reached]
      .filter(([path, all]) => all.has(path) && !FORWARD_DECLARED.test(path))
      .map(
        ([path, all]) => `${path}:1: is in a cycle with ${[...all].filter((to) => reached.get(to)?.has(path)).sort()}`,
      ),
  );
});

/** The rooms of stress/, lowest first. A file may import its own room and every lower one. */
const ROOMS = [
  'result',
  'text',
  'host',
  'scenarios',
  'oracles',
  'cli',
  'threshold',
  'log',
  'options',
  'round',
  'native',
].concat(['det', 'html', 'compare', 'report', 'bench', 'conformance', 'export_c', 'run', 'sweep', 'soak', 'commands']);
const roomOf = (path: string): number => ROOMS.indexOf(/^stress\/(\w+)\//.exec(path)?.[1] ?? '');

test('each file of stress stands in a room, and imports go down the stairs', () => {
  none(
    sources
      .filter(({ path }) => path.startsWith('stress/') && !/\.test(-data)?\.ts$/.test(path))
      .flatMap(({ path, imports }) => [
        ...(roomOf(path) < 0 ? [`${path}:1: stands in no room; see ROOMS in src/tidy.test.ts`] : []),
        ...imports
          .filter(({ target }) => target.startsWith('stress/') && roomOf(target) > roomOf(path))
          .map(({ line, target }) => `${path}:${line}: imports ${target}, which is in a higher room`),
      ]),
  );
});

test('a folder of stress has no more files than one can look over', () => {
  const counts = new Map<string, number>();
  for (const { path } of sources) {
    const folder = dirname(path);
    if (/^stress\//.test(path) && !/\.test(-data)?\.ts$/.test(path)) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  none([...counts].filter(([, n]) => n > 17).map(([folder, n]) => `${folder}:1: ${n} files, 17 may be`));
});

test('shared memory is named in arch/sab only', () => {
  const outside = (path: string): boolean => !path.startsWith('src/arch/sab/') && path !== 'src/tidy.test.ts';
  none(grep(/\b(Atomics|SharedArrayBuffer)\b/, 'use arch/sab', outside));
});

test('real time and chance have one source each', () => {
  const elsewhere = (path: string): boolean => path !== 'src/arch/sab/clock.ts';
  none(grep(/\b(Date\.now|Math\.random|performance\.now|process\.hrtime)\b/, 'use clock.ts, prng.ts', elsewhere));
});

test('what is printed, and how a program ends, has one door', () => {
  const elsewhere = (path: string): boolean => !isTest(path) && !path.startsWith('stress/cli/');
  none(grep(/\bprocess\.(stdout|stderr|exit|exitCode)\b/, 'use stress/cli/streams.ts, program.ts', elsewhere));
});

/** Text that a test pastes cannot be broken; its comments can. */
const isLong = (path: string, line: string): boolean =>
  line.length > 120 && (!/\.test(-data)?\.ts$/.test(path) || /^\s*(\/?\*|\/\/)/.test(line));

test('files open with the licence and are short', () => {
  none(
    sources.flatMap(({ path, lines }) => [
      ...(lines[0] === '// SPDX-License-Identifier: GPL-2.0-only' ? [] : [`${path}:1: SPDX line missing`]),
      ...(/^\/\/ SPDX[^\n]*\n(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?\nimport /.test(lines.slice(0, 60).join('\n'))
        ? [`${path}:2: an empty line before the imports`]
        : []),
      ...(lines.length <= 501 ? [] : [`${path}:501: more than 500 lines`]),
      ...lines.flatMap((line, i) => (isLong(path, line) ? [`${path}:${i + 1}: more than 120 columns`] : [])),
    ]),
  );
});

/** A line of a comment's paragraph, and the line after it, which goes on with a word that had room above. */
const PROSE = /^\s*(?:\*|\/\/|\/\*\*) (?![@ ]).*[^.:;]$/;
const GOES_ON = /^\s*(?:\*|\/\/) ([a-z]\S*)/;

test('paragraphs of comments are filled', () => {
  none(
    sources.flatMap(({ path, lines }) =>
      lines.flatMap((line, i) => {
        const word = GOES_ON.exec(lines[i + 1] ?? '')?.[1];
        const isDrawing = /\*\/| {3}|[│▶─]/.test(`${line}${lines[i + 1]}`);
        if (word === undefined || isDrawing || line.length >= 75 || !PROSE.test(line)) return [];
        return line.length + 1 + word.length <= 95 ? [`${path}:${i + 1}: the paragraph is broken: ${line.trim()}`] : [];
      }),
    ),
  );
});

const FUNCTION =
  /^( *)(?:(?!(?:if|for|while|switch|else|do|return|class|describe|test|it)\b).*)(?:=>|\)(?:: [^{]+)?) \{$/;

/** Lines of the function that begins on a line of formatted code, 0 if none does. */
function functionLength(code: readonly string[], start: number): number {
  const head = FUNCTION.exec(code[start] ?? '');
  if (head === null) return 0;
  const indent = head[1] ?? '';
  const end = code.findIndex((line, i) => i > start && line.startsWith(`${indent}}`));
  return end < 0 ? 0 : end - start + 1;
}

test('functions fit on a screen, but where C has a long one', () => {
  none(
    sources
      .filter(({ path }) => !isTest(path))
      .flatMap(({ path, lines, code }) =>
        code.flatMap((_, i) =>
          functionLength(code, i) > 70 && !/\/\/ as long as in C/.test(lines[i - 1] ?? '')
            ? [`${path}:${i + 1}: function of ${functionLength(code, i)} lines`]
            : [],
        ),
      ),
  );
});

test('nothing is left to do, skipped or singled out', () => {
  const marks = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b|\\.(only|skip)\\(`);
  none(
    sources
      .filter(({ path }) => path !== 'src/tidy.test.ts')
      .flatMap(({ path, lines }) =>
        lines.flatMap((line, i) => (marks.test(line) ? [`${path}:${i + 1}: unfinished: ${line.trim()}`] : [])),
      ),
  );
});

test('each commit of the registry has an id, a gate and a scenario', () => {
  const kernel = sources.filter(({ path }) => path.startsWith('src/') && !isTest(path));
  const scenarios = sources.filter(({ path }) => path.startsWith('stress/scenarios/'));
  const named = scenarios.flatMap(({ lines }) =>
    [...lines.join('\n').matchAll(/\bfixedBy:\s*\[([^\]]*)\]/g)].flatMap((m) => m[1]?.match(/\w+/g) ?? []),
  );
  none(
    SLUGS.flatMap((slug) => {
      const at = `src/reverts/registry.ts:1: ${slug}`;
      const gated = kernel.some(({ code }) => code.some((line) => new RegExp(`\\bfixed\\.${slug}\\b`).test(line)));
      return [
        ...(/^[0-9a-f]{12}$/.test(FIXES[slug].commit) ? [] : [`${at}: the commit id is not 12 hex digits`]),
        ...(gated ? [] : [`${at}: no code asks fixed.${slug}`]),
        ...(named.includes(slug) ? [] : [`${at}: no scenario has it in fixedBy`]),
      ];
    }),
  );
});

/** A path of a source in a sentence; `src/a.ts` is an example. */
const NAMED = /(?<![\w./-])(?:[\w-]+\/)*\w[\w-]*\.ts\b/g;
const HISTORY = /^(CHANGELOG|DECISIONS)\.md$/;

test('files that comments and documents name are there', () => {
  const isThere = (name: string): boolean => files.some((path) => path === name || path.endsWith(`/${name}`));
  none(
    files
      .filter((path) => /\.(ts|md)$/.test(path) && !/\.test(-data)?\.ts$/.test(path) && !HISTORY.test(path))
      .flatMap((path) =>
        readFileSync(join(ROOT, path), 'utf8')
          .split('\n')
          .flatMap((line, i) =>
            (path.endsWith('.md') || /^\s*(\/\/|\/?\*)/.test(line) ? (line.match(NAMED) ?? []) : [])
              .filter((name) => !isThere(name) && name !== 'src/a.ts')
              .map((name) => `${path}:${i + 1}: there is no ${name}`),
          ),
      ),
  );
});

test('every markdown file has one title', () => {
  none(
    files
      .filter((path) => path.endsWith('.md') && !path.startsWith('.'))
      .flatMap((path) => {
        const text = readFileSync(join(ROOT, path), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
        const titles = text.match(/^# /gm)?.length ?? 0;
        return titles === 1 && text.startsWith('# ') ? [] : [`${path}:1: ${titles} titles; one, on the first line`];
      }),
  );
});

test('every file of src is reached from an entry or a test', () => {
  const reached = new Set<string>();
  const todo = sources.map(({ path }) => path).filter((path) => !path.startsWith('src/') || isTest(path));
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    todo.push(...(byPath.get(path)?.imports ?? []).map(({ target }) => target));
  }
  none(
    sources
      .map(({ path }) => path)
      .filter((path) => !reached.has(path) && !path.endsWith('.d.ts'))
      .map((path) => `${relative('.', path)}:1: nothing imports it`),
  );
});
