// SPDX-License-Identifier: GPL-2.0-only
/** What runs elsewhere, checked here: the workflows name what there is, and the manifest's numbers agree. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { YAML } from 'zx';
import { readReportCommand } from '../commands/report_options.ts';
import { ROOT } from '../host/root.ts';
import { parseOptions } from '../options/parse.test-data.ts';
import { KNOWN } from '../scenarios/index.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(name, ROOT));
const read = (name: string): string => readFileSync(pathOf(name), 'utf8');
const WORKFLOWS = readdirSync(pathOf('.github/workflows')).map((name) => `.github/workflows/${name}`);

interface Step {
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly 'timeout-minutes'?: number;
  readonly if?: string;
  readonly needs?: string;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly jobs: Readonly<Record<string, Job>>;
  readonly on: {
    readonly workflow_dispatch?: { readonly inputs: { readonly minutes: { readonly options: string[] } } };
  };
}
const workflow = (name: string): Workflow => YAML.parse(read(name)) as Workflow;
const stepsOf = (name: string): Step[] => Object.values(workflow(name).jobs).flatMap(({ steps }) => steps);

/** A command's words behind its first ones, with a value for each variable. */
function argumentsOf(run: string, first: string, env: Readonly<Record<string, string>>): string[] {
  const command =
    run
      .replaceAll(/\\\n\s*/g, '')
      .split('\n')
      .find((line) => line.includes(first)) ?? '';
  const behind = command.slice(command.indexOf(first) + first.length).trim();
  const filled = behind.replaceAll(/\$\(\(\w+ \+ 1\)\)/g, '1').replaceAll(/\$(\w+)/g, (_, name) => env[name] ?? '0');
  return filled.replaceAll('"', '').split(/\s+/);
}
const asStress = (argv: readonly string[]) => parseOptions([...argv], KNOWN);

describe.each(WORKFLOWS)('%s', (name) => {
  test('runs what there is', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const runs = stepsOf(name).flatMap(({ run }) => run ?? []);
    expect(runs.length).toBeGreaterThan(0);
    for (const run of runs) {
      for (const [, script = ''] of run.matchAll(/\bnpm run (?:--?\w+ )*([\w:-]+)/g))
        expect(scripts).toHaveProperty(script);
      for (const [, js = ''] of run.matchAll(/\bnode dist\/(\S+)\.js/g))
        expect(existsSync(pathOf(`${js}.ts`))).toBe(true);
    }
  });

  test('every job has a limit of its own', () => {
    for (const job of Object.values(workflow(name).jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });
});

describe('the soak workflow', () => {
  const SOAK = '.github/workflows/soak.yml';
  const env = { MINUTES: '30', THREADS: '16', SEED: '7', PERTURB: 'light', SHARD: '2/2' };

  test('the stress test and the merge take their arguments, and no shell or npm stands between it and a signal', () => {
    const [soak] = stepsOf(SOAK).flatMap(({ run }) => (run?.includes('stress/commands/stress.js') ? [run] : []));
    expect(soak).toMatch(/^exec node /);
    expect(asStress(argumentsOf(soak ?? '', 'stress.js', env))).toMatchObject({ kind: 'run', threads: 16, seed: 7 });
    const [merge] = stepsOf(SOAK).flatMap(({ run }) => (run?.includes('report -- ') ? [run] : []));
    expect(readReportCommand(argumentsOf(merge ?? '', 'report --', env))).toMatchObject({ kind: 'merge' });
  });

  test('nothing that was typed in is put into a script', () => {
    for (const { run } of stepsOf(SOAK)) expect(run ?? '').not.toContain('${{');
  });

  test('the longest soak leaves time for the report, and the report comes whatever happened', () => {
    const { jobs, on } = workflow(SOAK);
    const longest = Math.max(...(on.workflow_dispatch?.inputs.minutes.options ?? []).map(Number));
    expect((jobs['soak']?.['timeout-minutes'] ?? 0) - longest).toBeGreaterThanOrEqual(20);
    expect(jobs['report']).toMatchObject({ needs: 'soak', if: expect.stringContaining('always()') });
  });
});

describe('the Kubernetes manifest', () => {
  interface Container {
    readonly name: string;
    readonly args: readonly string[];
    readonly volumeMounts: readonly { readonly name: string }[];
    readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
  }
  interface Rule {
    readonly action: string;
    readonly onExitCodes?: { readonly containerName: string; readonly values: readonly number[] };
  }
  interface Item {
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
    readonly data: Readonly<Record<string, string>>;
    readonly spec: {
      readonly completionMode?: string;
      readonly completions: number;
      readonly parallelism: number;
      readonly activeDeadlineSeconds: number;
      readonly podFailurePolicy: { readonly rules: readonly Rule[] };
      readonly template: {
        readonly spec: {
          readonly restartPolicy: string;
          readonly initContainers: readonly Container[];
          readonly containers: readonly Container[];
          readonly volumes: readonly {
            readonly name: string;
            readonly persistentVolumeClaim?: { readonly claimName: string };
          }[];
        };
      };
    };
  }
  let items: Item[] = [];
  const find = (kind: string, name?: string): Item =>
    items.find((item) => item.kind === kind && (name === undefined || item.metadata.name === name)) as Item;

  beforeAll(() => {
    items = YAML.parseAllDocuments(read('stress/soak/kubernetes.yaml')).map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS() as Item;
    });
  });

  test('has a volume, a Job of shards and a Job that merges them', () => {
    expect(items.map(({ kind, metadata }) => `${metadata.labels['step']} ${kind}`)).toEqual([
      'soak ConfigMap',
      'soak PersistentVolumeClaim',
      'soak Job',
      'merge Job',
    ]);
  });

  test('what a pod refers to is there', () => {
    for (const { spec } of items.filter(({ kind }) => kind === 'Job')) {
      const pod = spec.template.spec;
      expect(pod.restartPolicy).toBe('Never');
      const volumes = pod.volumes.map(({ name }) => name);
      for (const container of [...pod.initContainers, ...pod.containers]) {
        for (const { name } of container.volumeMounts) expect(volumes).toContain(name);
        expect(container.envFrom[0]?.configMapRef.name).toBe(find('ConfigMap').metadata.name);
        for (const [, variable = ''] of container.args.join('\n').matchAll(/\$([A-Z_]+)/g)) {
          expect([...Object.keys(find('ConfigMap').data), 'JOB_COMPLETION_INDEX']).toContain(variable);
        }
      }
      const claims = pod.volumes.flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
      expect(claims).toEqual([find('PersistentVolumeClaim').metadata.name]);
    }
  });

  test('there is a completion for each shard, and time for all waves of them', () => {
    const { spec } = find('Job', 'kioctx-soak');
    const { data } = find('ConfigMap');
    expect(spec.completionMode).toBe('Indexed');
    expect(String(spec.completions)).toBe(data['SHARDS']);
    const waves = Math.ceil(spec.completions / spec.parallelism);
    expect(spec.activeDeadlineSeconds).toBeGreaterThanOrEqual(waves * (Number(data['MINUTES']) + 20) * 60);
  });

  test('a finding is not run again', () => {
    const { spec } = find('Job', 'kioctx-soak');
    const rule = spec.podFailurePolicy.rules.find(({ onExitCodes }) => onExitCodes !== undefined);
    expect(rule).toMatchObject({ action: 'FailIndex', onExitCodes: { containerName: 'soak' } });
    expect(rule?.onExitCodes?.values).toEqual(expect.arrayContaining([2, 3]));
    expect(rule?.onExitCodes?.values).not.toContain(143);
  });

  test('the stress test and the merge take their arguments', () => {
    const { data } = find('ConfigMap');
    const [soak] = find('Job', 'kioctx-soak').spec.template.spec.containers;
    const argv = argumentsOf(soak?.args[0] ?? '', 'stress.js', data).map((word) =>
      word.replace('/reports/', 'reports/'),
    );
    const at = argv.indexOf('--output');
    expect(argv[at + 1]).toBe('reports/soak-1/shard-0');
    argv.splice(at, 2);
    expect(asStress(argv)).toMatchObject({ kind: 'run', shard: { index: 1, of: 8 } });
    const [merge] = find('Job', 'kioctx-soak-merge').spec.template.spec.containers;
    expect(readReportCommand(argumentsOf(merge?.args[0] ?? '', 'report --', data))).toMatchObject({
      kind: 'merge',
      output: '/reports/soak-1/merged',
    });
  });
});
