import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'
import { callApi } from '../api-client.ts'
import { BASH_COMPLETION } from '../show/bash-completion.ts'
import { printContent } from '../show/terminal.ts'

type Suggestion = readonly [value: string, description: string]

/** The timeout for the API at a press of the Tab key. */
const PATIENCE_MILLISECONDS = 800

const HELP = `
Examples:
  source <(orchestrator completion bash)      in ~/.bashrc
  source <(orchestrator completion zsh)       in ~/.zshrc, after compinit
  orchestrator completion fish > ~/.config/fish/completions/orchestrator.fish

In a project the command is \`npx orchestrator\`; shells complete the name
\`orchestrator\`: alias orchestrator='npx orchestrator'.`

/**
 * Adds `completion <shell>`, which prints a script, and the hidden `complete`, which that script calls at each press of the Tab key.
 * Task ids and names of workflows and agents come from the API; without a connection none are suggested.
 */
export async function addCompletion(program: Command, args: readonly string[]): Promise<void> {
  const completion = tab(program, { completionCommandName: 'completion' })
  program.commands
    .find((command) => command.name() === 'completion')
    ?.action((shell: string) => {
      if (shell === 'bash') printContent(BASH_COMPLETION)
      else completion.setup('orchestrator', 'orchestrator', shell)
    })
    .description('Print a script with which a shell completes commands, options and task ids')
    .addHelpText('after', HELP)
  if (args[0] !== 'complete') return
  const [named, path] = deepest(program, args.slice(2))
  const argument = named?.registeredArguments[0]?.name() ?? ''
  // Overrides the directive, because the library always answers "no files".
  const directive = /file|folder|path/.test(argument) ? FILES_TOO : NO_FILES
  Object.defineProperty(completion, 'directive', { get: () => directive, set: () => {}, configurable: true })
  const live = Object.hasOwn(LIVE, argument) ? LIVE[argument] : undefined
  const found = completion.commands.get(path)?.arguments.get(argument)
  if (!live || !found) return
  const suggestions = await within(PATIENCE_MILLISECONDS, live(path))
  found.handler = (complete) => {
    for (const [value, description] of suggestions) complete(value, description)
  }
}

/** The innermost command of the words, and its path: `agents reset`. */
function deepest(program: Command, words: readonly string[]): [Command | undefined, string] {
  let found: Command | undefined
  const path: string[] = []
  for (const word of words) {
    const inner = (found ?? program).commands.find((command) => command.name() === word)
    if (!inner) break
    found = inner
    path.push(word)
  }
  return [found, path.join(' ')]
}

/** Directives of Cobra's completion scripts: whether the shell also suggests file names. */
const FILES_TOO = 0
const NO_FILES = 4

/** Suggestions from the API, by the name of the argument. */
const LIVE: Readonly<Record<string, (command: string) => Promise<readonly Suggestion[]>>> = {
  taskId: async (command) => {
    const answerable = command === 'approve' ? ({ status: 'waiting' } as const) : {}
    const { tasks } = await callApi('listTasks', { limit: 50, ...answerable })
    return tasks.map(({ taskId, status, workflow }) => [taskId, `${workflow.name}, ${status}`])
  },
  workflow: workflows,
  'type|file': workflows,
  agentId: async () => {
    const { agents } = await callApi('listAgents', {})
    return agents.map(({ id, description }) => [id, description])
  },
}

async function workflows(): Promise<readonly Suggestion[]> {
  const page = await callApi('listWorkflows', {})
  return page.workflows.map(({ name, description }) => [name, description ?? ''])
}

async function within(
  milliseconds: number,
  asked: Promise<readonly Suggestion[]>,
): Promise<readonly Suggestion[]> {
  const late = new Promise<never[]>((resolve) => setTimeout(resolve, milliseconds, []).unref())
  return Promise.race([asked.catch(() => []), late])
}
