// SPDX-License-Identifier: GPL-2.0-only
/**
 * Markup that cannot be injected into: whatever is put into an html`…` template is escaped, unless it is markup itself.
 *
 * What a report shows may come from anywhere: a finding's text, a folder's name, another machine's processor. So
 * escaping is what happens when nobody thinks of it, and only `trusted()` goes round it.
 */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template; `null` and `false` are nothing. */
export type Part = Markup | string | number | null | false | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function textOf(part: Part): string {
  if (part === null || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map(textOf).join('');
  return String(part).replace(/[&<>"']/g, (char) => ENTITIES[char] as string);
}

export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markup =>
  new Markup(strings.map((string, i) => string + (i < parts.length ? textOf(parts[i] as Part) : '')).join(''));

/** Markup, style or a program of our own, as it is. */
export const trusted = (text: string): Markup => new Markup(text);

/** A name that may go on in the next line behind each underscore. */
export const breakable = (name: string): Markup =>
  html`${name.split(/(?<=_)/).map((part, i) => (i === 0 ? part : html`<wbr>${part}`))}`;

/** A value as JSON inside a script element: nothing in it ends the element or begins a comment. */
export const embeddedJson = (value: unknown): Markup =>
  trusted(
    JSON.stringify(value).replace(
      /[<>\u2028\u2029]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  );

/** A program inside a script element. */
export const embeddedScript = (program: string): Markup => trusted(program.replace(/<(?=\/script|!--)/gi, '\\x3C'));
