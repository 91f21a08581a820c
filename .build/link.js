// SPDX-License-Identifier: GPL-2.0-only
/**
 * Links what tsc has compiled: what a module imports or exports becomes a constant of it, where it is one.
 *
 * V8 puts the value of a module's own constant into the code that it makes, and so inlines a function at no cost. An
 * import it reads from a cell at every use, tests whether that has been initialised and whether it is still the function
 * that has been inlined; an export that is used in its own module, too, and a declared function, which could be assigned
 * to. An event runs through some five hundred of them.
 *
 *   import { load32 } from './memory.js';      import { load32 as load32$ } from './memory.js';const load32=load32$;
 *   export const FREE = 0;                     const FREE = 0; … const FREE$=FREE;export{FREE$ as FREE};
 *   function indexOf(addr) {…}                 const indexOf=function indexOf(addr) {…};
 *
 * Lines stay where they are. Left alone are variables, since a constant would keep their first value, and what would be
 * read before it is there: constants of a module that imports the importer, functions that are used further up while
 * the module is loaded.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

/** @type {Map<string, Module>} by path */
const modules = new Map();

/** @typedef {{path: string, text: string, body: any[], kinds: Map<string, string>, targets: string[]}} Module */

/** @param {string} path @returns {Module} */
function load(path) {
  const text = readFileSync(path, 'utf8');
  const { body } = parseAst(text);
  /** What is exported where it is declared: 'function', 'const', 'let', 'class'. */
  const kinds = new Map();
  const targets = [];
  for (const node of body) {
    if (node.source?.value.startsWith('.')) targets.push(join(dirname(path), node.source.value));
    if (node.type !== 'ExportNamedDeclaration' || !node.declaration) continue;
    const { declaration } = node;
    if (declaration.type === 'VariableDeclaration') {
      for (const { id } of declaration.declarations) {
        for (const name of namesOf(id)) kinds.set(name, declaration.kind);
      }
    } else kinds.set(declaration.id.name, declaration.type === 'ClassDeclaration' ? 'class' : 'function');
  }
  return { path, text, body, kinds, targets };
}

/** The names that a declaration makes. @returns {string[]} */
function namesOf(pattern) {
  if (pattern.type === 'Identifier') return [pattern.name];
  return pattern.properties.map(({ value }) => value.name);
}

/** Whether loading `from` loads `to` before. */
function imports(from, to, seen = new Set()) {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return (modules.get(from)?.targets ?? []).some((target) => imports(target, to, seen));
}

/** @param {Module} module @returns {[number, number, string][]} what is to be replaced, and by what */
function bindImports({ path, body }) {
  return body.flatMap((node) => {
    if (node.type !== 'ImportDeclaration' || !node.source.value.startsWith('.')) return [];
    const from = join(dirname(path), node.source.value);
    const kinds = modules.get(from)?.kinds ?? new Map();
    const early = imports(from, path);
    const bound = node.specifiers.filter(({ type, imported }) => {
      const kind = type === 'ImportSpecifier' ? kinds.get(imported.name) : undefined;
      return kind === 'function' || ((kind === 'const' || kind === 'class') && !early);
    });
    if (bound.length === 0) return [];
    const constants = bound.map(({ local }) => `${local.name}=${local.name}$`).join(',');
    return [
      ...bound.map(({ start, end, imported, local }) => [start, end, `${imported.name} as ${local.name}$`]),
      [node.end, node.end, `const ${constants};`],
    ];
  });
}

/** @param {Module} module */
function bindExports({ body, text }) {
  const exported = body.filter((node) => node.declaration?.kind === 'const');
  if (exported.length === 0) return [];
  const names = exported.flatMap(({ declaration }) => declaration.declarations.flatMap(({ id }) => namesOf(id)));
  const last = body.at(-1).end;
  const constants = names.map((name) => `${name}$=${name}`).join(',');
  const list = names.map((name) => `${name}$ as ${name}`).join(',');
  return [
    ...exported.map(({ start, declaration }) => [start, declaration.start, '']),
    [last, last, `${text[last - 1] === ';' ? '' : ';'}const ${constants};export{${list}};`],
  ];
}

/** @returns {Map<string, any>} the functions that a module declares, by name */
function declaredFunctions(body) {
  const declared = body
    .filter(({ type }) => type !== 'ExportDefaultDeclaration')
    .map((node) => node.declaration ?? node)
    .filter(({ type }) => type === 'FunctionDeclaration');
  return new Map(declared.map((declaration) => [declaration.id.name, declaration]));
}

const isFunction = (node) => /Function/.test(node?.type);
/** Whether a statement only keeps the function for later. One that is handed to a call may be called at once. */
const isKept = ({ type, init, value }) =>
  type === 'FunctionDeclaration' || isFunction(init) || (/Property|MethodDefinition/.test(type) && isFunction(value));

/**
 * Names of functions that are used before their declaration while the module is loaded: by a statement above it, or by
 * what that calls.
 * @returns {Set<string>}
 */
function usedEarly(body, functions) {
  const early = new Set();
  for (const { start, ...statement } of body) {
    const seen = new Set();
    const visit = (node, inside) => {
      if (node === null || typeof node !== 'object') return;
      if (!inside && isKept(node)) return;
      if (node.type === 'Identifier' && functions.has(node.name) && !seen.has(node.name)) {
        seen.add(node.name);
        const used = functions.get(node.name);
        if (used.start > start) early.add(node.name);
        visit(used.body, true);
      }
      for (const part of Object.values(node)) visit(part, inside);
    };
    visit(Object.values(statement), false);
  }
  return early;
}

/** @param {Module} module */
function bindFunctions({ path, body, targets }) {
  const functions = declaredFunctions(body);
  const early = usedEarly(body, functions);
  // A module that imports this one and is loaded before it may call what is hoisted, but finds no constant.
  const cyclic = targets.some((target) => imports(target, path));
  return body.flatMap((node) => {
    const declaration = node.declaration ?? node;
    const name = declaration.id?.name;
    const exported = node !== declaration;
    if (functions.get(name) !== declaration || early.has(name) || (exported && cyclic)) return [];
    const list = exported ? `const ${name}$=${name};export{${name}$ as ${name}};` : '';
    return [
      [node.start, declaration.start, `const ${name}=`],
      [node.end, node.end, `;${list}`],
    ];
  });
}

/** @param {string} folder - that tsc has compiled to */
export function link(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    const path = join(folder, name);
    if (/^(src|workers|stress)\b.*\.js$/.test(name)) modules.set(path, load(path));
  }
  for (const module of modules.values()) {
    const edits = [...bindImports(module), ...bindExports(module), ...bindFunctions(module)];
    let linked = module.text;
    for (const [from, to, by] of edits.sort((a, b) => b[0] - a[0])) {
      linked = linked.slice(0, from) + by + linked.slice(to);
    }
    writeFileSync(module.path, linked);
  }
}
