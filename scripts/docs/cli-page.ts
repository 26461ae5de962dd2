import type { Argument, Command, Option } from 'commander'
import { createProgram } from '../../cli/program.ts'
import { code, generated, page, table } from './table.ts'

/** The text of docs/reference/cli.md, from commander's definitions. */
export async function cliPage(): Promise<string> {
  const program = await createProgram()
  const visible = program.createHelp().visibleCommands(program)
  const commands = program.commands
    .filter((command) => visible.includes(command))
    .flatMap((command) => leaves(command, ''))
  return page(
    '# Command line',
    generated('the definitions in cli/'),
    `${program.description()} In a clone of this repository the command is \`npx orchestrator <command>\`. Each command has \`--help\`.`,
    table(
      ['command', 'what it does'],
      commands.map(({ name, command }) => [
        `[${name}](#${name.replaceAll(' ', '-')})`,
        command.description(),
      ]),
    ),
    ...commands.map(section),
    '## For all commands',
    fenced(afterHelp(program)),
  )
}

type Named = { name: string; command: Command }

/** Commands that can be run: those without subcommands, and those with arguments besides their subcommands. */
function leaves(command: Command, before: string): Named[] {
  const name = `${before}${command.name()}`
  const own =
    command.commands.length === 0 || command.registeredArguments.length > 0 ? [{ name, command }] : []
  return [...own, ...command.commands.flatMap((inner) => leaves(inner, `${name} `))]
}

function section({ name, command }: Named): string {
  const options = command.options.filter(({ hidden }) => !hidden)
  const rows = [...command.registeredArguments.map(argumentRow), ...options.map(optionRow)]
  return page(
    `## ${name}`,
    sentence(command.description()),
    fenced(`npx orchestrator ${name} ${command.usage()}`),
    rows.length > 0 ? table(['', 'what it says', 'default'], rows) : '',
    fenced(afterHelp(command)),
  ).trim()
}

const argumentRow = (argument: Argument): string[] => [
  code(argument.required ? `<${argument.name()}>` : `[${argument.name()}]`),
  argument.description,
  '',
]

const optionRow = ({ flags, description, defaultValue, argChoices }: Option): string[] => [
  code(flags),
  `${description}${argChoices ? ` (${argChoices.join(', ')})` : ''}`,
  defaultValue === undefined || (Array.isArray(defaultValue) && defaultValue.length === 0)
    ? ''
    : code(String(defaultValue)),
]

/** The text that a command appends to its help: its examples. */
function afterHelp(command: Command): string {
  let printed = ''
  command.configureOutput({
    writeOut: (text) => {
      printed += text
    },
    getOutHelpWidth: () => 200,
    getOutHasColors: () => false,
  })
  const help = command.helpInformation()
  command.outputHelp()
  return printed.slice(help.length).trim()
}

const fenced = (text: string): string => (text === '' ? '' : `\`\`\`\n${text.trim()}\n\`\`\``)
const sentence = (text: string): string => (text === '' || text.endsWith('.') ? text : `${text}.`)
