// SPDX-License-Identifier: GPL-2.0-only
/** Files that are written whole or named, and folders that are tried before they are needed. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { needs, noProgram } from '../../src/testing/needs.ts';
import { Files, whyUnwritable } from './files.ts';
import { reasonOf, tryFolder } from './folder.ts';

const root = mkdtempSync(join(tmpdir(), 'files-'));
afterAll(() => rmSync(root, { recursive: true }));
const at = (...names: string[]): string => join(root, ...names);

writeFileSync(at('file'), 'old');
mkdirSync(at('folder'));
symlinkSync('nowhere', at('dangling'));
symlinkSync('circle', at('circle'));
symlinkSync('folder', at('to-folder'));

describe('writing', () => {
  test('goes on after a file that cannot be written, and names it', () => {
    const files = new Files();
    files.write(at('file', 'below'), () => 'a');
    files.write(at('folder'), () => 'b');
    files.write(at('new', 'deep', 'one'), () => 'c');
    files.write(at('broken'), () => {
      throw new TypeError('the printer is broken');
    });
    expect(files.written).toEqual([at('new', 'deep', 'one')]);
    expect(files.lost).toBe(true);
    expect(files.lines('try again')).toEqual([
      `not written: ${at('file', 'below')}: '${at('file')}' is a file`,
      `not written: ${at('folder')}: it is a folder`,
      `not written: ${at('broken')}: TypeError: the printer is broken`,
      'when that is mended, this makes them: try again',
    ]);
    expect(readFileSync(at('new', 'deep', 'one'), 'utf8')).toBe('c');
  });

  test('a second time may mend what failed', () => {
    const files = new Files();
    mkdirSync(at('mended'));
    files.write(at('mended'), () => 'a');
    rmSync(at('mended'), { recursive: true });
    files.write(at('mended'), () => 'a');
    expect([files.lost, files.written, files.lines('again')]).toEqual([false, [at('mended')], []]);
  });

  test('a file that fails stays as it was, and nothing unfinished stays beside it', () => {
    const folder = at('limited');
    mkdirSync(folder);
    writeFileSync(join(folder, 'report'), 'old');
    const built = join(import.meta.dirname, '../../dist/stress/cli/files.js');
    const program = `
      const { Files } = await import('${built}');
      const files = new Files();
      files.write('${folder}/report', () => 'x'.repeat(100000));
      files.write('${folder}/small', () => 'y');
      process.stdout.write(files.lines(null).join('\\n'));
    `;
    const shell = `ulimit -f 8; exec ${process.execPath} --input-type=module -e "$0"`;
    expect(execFileSync('bash', ['-c', shell, program], { encoding: 'utf8' })).toBe(
      `not written: ${folder}/report: it would be larger than this process may write (ulimit -f)`,
    );
    expect(readdirSync(folder).sort()).toEqual(['report', 'small']);
    expect(readFileSync(join(folder, 'report'), 'utf8')).toBe('old');
  });

  test('a link is written through', () => {
    symlinkSync('file', at('link'));
    new Files().write(at('link'), () => 'new');
    expect(lstatSync(at('link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(at('file'), 'utf8')).toBe('new');
  });

  describe('no file', () => {
    needs(noProgram('mkfifo', 'apt-get install coreutils'));

    test('is written to, and stays what it is', async () => {
      execFileSync('mkfifo', [at('pipe')]);
      const reader = spawn('cat', [at('pipe')]);
      let got = '';
      reader.stdout.on('data', (text) => {
        got += text;
      });
      new Files().write(at('pipe'), () => 'through');
      await once(reader, 'close');
      expect(got).toBe('through');
      expect(lstatSync(at('pipe')).isFIFO()).toBe(true);
    });
  });
});

describe('trying', () => {
  const why = (folder: string): string | null => {
    try {
      tryFolder(folder);
      return null;
    } catch (error) {
      return reasonOf(error);
    }
  };

  test('leaves nothing in a folder that takes files', () => {
    expect(why(at('made', 'deep'))).toBeNull();
    expect(why(at('to-folder'))).toBeNull();
    expect(readdirSync(at('made', 'deep'))).toEqual([]);
    expect(readdirSync(at('folder'))).toEqual([]);
  });

  test.each([
    ['file', `'${at('file')}' is a file`],
    ['file/below', 'a part of that path is a file'],
    ['dangling', `the link '${at('dangling')}' leads nowhere`],
    ['dangling/below', `the link '${at('dangling')}' leads nowhere`],
    ['circle', 'its links lead in a circle'],
    ['circle/below', 'its links lead in a circle'],
  ])('%s says what is in the way', (name, says) => {
    expect(why(at(name))).toBe(says);
  });

  test('a file that is named on the command line', () => {
    expect(whyUnwritable(at('new.json'))).toBeNull();
    expect(whyUnwritable(at('file'))).toBeNull();
    expect(whyUnwritable('/dev/null')).toBeNull();
    expect(whyUnwritable(at('folder'))).toBe('it is a folder');
    expect(whyUnwritable(at('file', 'below'))).toBe('a part of that path is a file');
    expect(whyUnwritable(at('dangling', 'below'))).toBe(`the link '${at('dangling')}' leads nowhere`);
    expect(whyUnwritable(at('circle'))).toBe('its links lead in a circle');
    expect(readdirSync(root)).not.toContain('new.json');
  });

  test('a folder without room is refused before the run', () => {
    const built = join(import.meta.dirname, '../../dist/stress/commands/stress.js');
    const shell = `ulimit -f 2; exec ${process.execPath} ${built} --duration 1s --output ${at('small')}`;
    const run = () => execFileSync('bash', ['-c', shell], { encoding: 'utf8', stdio: 'pipe' });
    expect(run).toThrow(
      `--output '${at('small')}' cannot be written, it would be larger than this process may write (ulimit -f); it takes`,
    );
    expect(readdirSync(at('small'))).toEqual([]);
  });
});
