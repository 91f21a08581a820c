// SPDX-License-Identifier: GPL-2.0-only
/** Reading a command line with commander, without any effect: nothing is printed, mistakes are thrown. */
import { Command, CommanderError, Option } from 'commander';
import { flagOf, type Given, type Table, typedAs, usualText } from './option_table.ts';
import { nearest, UsageError } from './usage_error.ts';

/**
 * What a program says of a mistake in words of its own.
 * @param used - the command that was typed, or the program
 * @returns null for the usual words
 */
export type OwnWords = (error: CommanderError, used: Command) => UsageError | null;

/** What stands in quotation marks in commander's message: `--min <n>` of `option '--min <n>' argument missing`. */
export const quoted = (message: string): string[] => [...message.matchAll(/'([^']*)'/g)].map((m) => m[1] as string);

const firstWord = (words: string | undefined): string => words?.split(' ')[0] ?? '';

function usualWords({ code, message }: CommanderError, used: Command): UsageError {
  const [first, second] = quoted(message).map(firstWord);
  switch (code) {
    case 'commander.unknownOption': {
      const names = [...used.options.map(({ long }) => long?.slice(2) ?? ''), 'help'];
      const like = `--${nearest(first ?? '', names)[0]}`;
      return new UsageError(
        'unknown-option',
        `there is no option '${first}'${used.parent === null ? '' : ` of ${used.name()}`}, the nearest is ${like}; ` +
          `type ${like}, or --help for all of them`,
      );
    }
    case 'commander.optionMissingArgument':
      return new UsageError(
        'missing-value',
        `${first} needs a value behind it and has none; type ${first} VALUE, or --help for what is allowed`,
      );
    case 'commander.conflictingOption':
      return new UsageError(
        'contradiction',
        `${first} and ${second} contradict each other, only one of them is allowed; leave ${second} out, or ${first}`,
      );
    default:
      return new UsageError('bad-value', `${message.replace(/^error: /, '')}; type --help for what is allowed`);
  }
}

/** @returns the help or version that was asked for, else null: the command has the options @throws UsageError */
export function readCommandLine(
  command: Command,
  argv: readonly string[],
  ownWords: OwnWords = () => null,
): string | null {
  let printed = '';
  const writeOut = (text: string): void => {
    printed += text;
  };
  for (const each of [command, ...command.commands]) {
    each.exitOverride().configureOutput({
      writeOut,
      writeErr: () => undefined,
      getOutHelpWidth: () => 100,
      getOutHasColors: () => false,
    });
  }
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return printed;
    const used = command.commands.find((sub) => sub.name() === argv[0]) ?? command;
    throw ownWords(error, used) ?? usualWords(error, used);
  }
  return null;
}

/** Declares the options of a table. */
export function withOptions(command: Command, table: Table): Command {
  for (const [name, row] of Object.entries(table)) {
    const usual = usualText(row);
    const option = new Option(typedAs(name, row), usual === undefined ? row.help : `${row.help} (default: ${usual})`);
    if (row.value !== undefined) option.argParser((text, before) => row.read(text, flagOf(name), before));
    command.addOption(option.conflicts([...(row.conflicts ?? [])]).makeOptionMandatory(row.required === true));
  }
  return command;
}

/** A program that takes options and nothing else. */
export interface Program {
  /** `npm run stress --` */
  readonly name: string;
  readonly about: string;
  /** Stands below the options in the help. */
  readonly after: string;
  /** What is said of a word that belongs to no option. */
  readonly stray: string;
  readonly ownWords?: OwnWords;
}

/** @returns the options that were typed, or the text of the help that was asked for @throws UsageError */
export function readOptions<R extends Table>(program: Program, table: R, argv: readonly string[]): Given<R> | string {
  const { name, about, after, stray, ownWords } = program;
  const command = new Command(name).description(about).helpOption('--help', 'print this').addHelpText('after', after);
  const help = readCommandLine(withOptions(command.allowExcessArguments(true), table), argv, ownWords);
  if (help !== null) return help;
  const [word] = command.args;
  if (word !== undefined) throw new UsageError('unexpected-argument', `'${word}' belongs to no option${stray}`);
  return command.opts<Given<R>>();
}
