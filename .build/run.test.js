// SPDX-License-Identifier: GPL-2.0-only
/** The build on a small project: what is built when, what is left of it where it fails, and what is said then. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from './fresh.js';

const FILES = {
  'src/greeting.ts': `export const greeting: string = 'hello';`,
  'src/unused.ts': 'export {};',
  'workers/cpu.ts': 'export {};',
  'stress/commands/stress.ts': `import { greeting } from '../../src/greeting.ts';
console.log(greeting, process.argv.slice(2).join(' '));
if (process.argv.includes('--wait')) setInterval(() => {}, 1000);
else process.exitCode = 4;`,
  'stress/commands/page/program.ts': 'console.log(document);',
};
const SENTENCE = /^building dist\/\n(?:.*error TS.*\n)*dist\/ was not built: [^\n]+; [^\n]*type [^\n]+\n$/;

let project = '';
const at = (path) => join(project, path);

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'kioctx-build-'));
  chmodSync(project, 0o755);
  cpSync(import.meta.dirname, at('.build'), { recursive: true });
  for (const name of ['tsconfig.json', 'package.json', 'package-lock.json']) copyFileSync(join(ROOT, name), at(name));
  symlinkSync(join(ROOT, 'node_modules'), at('node_modules'));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
  }
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function start(args, options = {}) {
  const child = spawn(process.execPath, [at('.build/run.js'), ...args], options);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].on('data', (text) => {
      output[name] += text;
    });
  }
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, ...output })));
  return { child, output, ended };
}
const run = (...args) => start(['stress/commands/stress.js', ...args]).ended;
const BUILT = { code: 4, signal: null, stdout: 'hello --json\n', stderr: 'building dist/\n' };
const FRESH = { ...BUILT, stderr: '' };

/** dist/ as the first test that needs it has built it: the sources are the same in each project. */
const built = mkdtempSync(join(tmpdir(), 'kioctx-built-'));
afterAll(() => rmSync(built, { recursive: true, force: true }));
async function beBuilt() {
  if (existsSync(join(built, 'dist'))) cpSync(join(built, 'dist'), at('dist'), { recursive: true });
  else {
    await run();
    cpSync(at('dist'), join(built, 'dist'), { recursive: true });
  }
}

const foldersOfBuilds = () => readdirSync(project).filter((name) => name.startsWith('dist'));

test('a program is built once, has its arguments and its exit code, and standard output for itself', async () => {
  expect(await run('--json')).toEqual(BUILT);
  expect(existsSync(at('dist/report-client.js'))).toBe(true);
  expect(await run('--json')).toEqual(FRESH);
  expect(foldersOfBuilds()).toEqual(['dist']);
});

test('times of files say nothing, their content does', async () => {
  await beBuilt();
  for (const path of ['src/greeting.ts', 'package-lock.json']) utimesSync(at(path), new Date(), new Date());
  writeFileSync(at('src/greeting.test.ts'), 'export {};');
  expect(await run('--json')).toEqual(FRESH);
  const { atime, mtime } = statSync(at('src/greeting.ts'));
  writeFileSync(at('src/greeting.ts'), FILES['src/greeting.ts'].replace('hello', 'howdy'));
  utimesSync(at('src/greeting.ts'), atime, mtime);
  expect(await run('--json')).toEqual({ ...BUILT, stdout: 'howdy --json\n' });
});

test('nothing is left of a source that is gone', async () => {
  await beBuilt();
  expect(existsSync(at('dist/src/unused.js'))).toBe(true);
  rmSync(at('src/unused.ts'));
  expect(await run('--json')).toEqual(BUILT);
  expect(existsSync(at('dist/src/unused.js'))).toBe(false);
});

test('a build that fails ends with 6 and one sentence after what the compiler says, and leaves what was there', async () => {
  await beBuilt();
  writeFileSync(at('src/greeting.ts'), 'export const greeting: string = 1;');
  const { code, stdout, stderr } = await run('--json');
  expect(code).toBe(6);
  expect(stdout).toBe('');
  expect(stderr).toContain("src/greeting.ts(1,14): error TS2322: Type 'number' is not assignable");
  expect(stderr).toMatch(SENTENCE);
  expect(foldersOfBuilds()).toEqual(['dist']);
  writeFileSync(at('src/greeting.ts'), FILES['src/greeting.ts']);
  expect(await run('--json')).toEqual(FRESH);
});

test('two at once both run', async () => {
  const all = await Promise.all([run('--json'), run('--json'), run('--json')]);
  for (const one of all) expect(one).toMatchObject({ code: BUILT.code, stdout: BUILT.stdout });
  expect(foldersOfBuilds()).toEqual(['dist']);
});

test('what is left of a build that was killed is not run', async () => {
  const killed = start(['stress/commands/stress.js'], { detached: true });
  while (foldersOfBuilds().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  process.kill(-(killed.child.pid ?? 0), 'SIGKILL');
  await killed.ended;
  const [left = ''] = foldersOfBuilds();
  expect(left).toMatch(/^dist\./);
  // what an earlier version of the build has left half way
  mkdirSync(at('dist/stress/commands'), { recursive: true });
  writeFileSync(at('dist/stress/commands/stress.js'), 'half a pro');
  expect(await run('--json')).toEqual(BUILT);
  utimesSync(at(left), 0, 0);
  writeFileSync(at('src/another.ts'), 'export {};');
  expect(await run('--json')).toEqual(BUILT);
  expect(foldersOfBuilds()).toEqual(['dist']);
});

/** As somebody who may read the project only; root may write everywhere, and so is somebody else. */
async function asReader(...args) {
  const folders = readdirSync(project, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory());
  const paths = [project, ...folders.map(({ parentPath, name }) => join(parentPath, name))];
  for (const path of paths) chmodSync(path, 0o555);
  const stranger = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
  const ended = await start(['stress/commands/stress.js', ...args], { cwd: project, ...stranger }).ended;
  for (const path of paths) chmodSync(path, 0o755);
  return ended;
}

test('who may not write runs what is built, and is told what to do where it is not', async () => {
  const { code, stdout, stderr } = await asReader('--json');
  expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
  expect(stderr).toMatch(SENTENCE);
  expect(stderr).toContain('cannot be written, permission is denied; type npm run build as a user who may');
  await beBuilt();
  expect(await asReader('--json')).toEqual(FRESH);
});

test('who has not installed the packages is told to', async () => {
  await beBuilt();
  rmSync(at('node_modules'));
  expect(await run('--json')).toEqual(FRESH);
  writeFileSync(at('src/greeting.ts'), `import 'piscina';\n${FILES['src/greeting.ts']}`);
  const { code, stderr } = await run();
  expect(code).toBe(6);
  expect(stderr).toBe(
    'building dist/\ndist/ was not built: the package rolldown is not installed; type npm ci --include=dev\n',
  );
  symlinkSync(join(ROOT, 'node_modules'), at('node_modules'));
  await run();
  rmSync(at('node_modules'));
  expect(await run()).toMatchObject({
    code: 6,
    stderr: 'the package piscina is not installed; type npm ci --include=dev\n',
  });
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('%s reaches the program', async (signal) => {
  await beBuilt();
  const running = start(['stress/commands/stress.js', '--wait']);
  while (running.output.stdout === '') await new Promise((resolve) => setTimeout(resolve, 5));
  running.child.kill(signal);
  expect(await running.ended).toMatchObject({ code: null, signal });
});
