import { Command } from 'commander'
import type { TaskFileView } from '../../shared/contracts/file-views.ts'
import { shellWord } from '../../shared/domain/shell-word.ts'
import { callApi, callPages } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { saveDownload, target } from '../input/download.ts'
import { parseTaskId, wholeOption } from '../input/parse-options.ts'
import { bytesOf, say } from '../show/output.ts'
import { printTable } from '../show/table.ts'
import { printJson } from '../show/terminal.ts'

type ListOptions = { step?: string; all?: boolean; limit: number; json?: boolean }
type GetOptions = { output?: string; step?: string; json?: boolean }

export function filesCommand(): Command {
  return new Command('files')
    .description('Show the files that the agents of a task have written')
    .argument('<taskId>', 'of the task', parseTaskId)
    .option('-s, --step <stepId>', 'only those of this step')
    .option('-a, --all', 'with those of attempts that have failed')
    .option('-n, --limit <n>', 'how many', wholeOption('--limit', 1, 1_000_000), 1_000)
    .option('--json', 'print JSON lines, a file each')
    .addHelpText('after', '\nExample:\n  npx orchestrator files get t_01k84a8648lgm2h2dcv9fa4ncf report.pdf')
    .action(listFiles)
    .addCommand(getCommand())
}

async function listFiles(id: string, { step, all = false, limit, json = false }: ListOptions): Promise<void> {
  const files: TaskFileView[] = []
  for await (const page of callPages('listTaskFiles', { id, step, all })) {
    files.push(...page.files.slice(0, limit - files.length))
    if (files.length === limit) break
  }
  if (json) for (const file of files) printJson(file)
  else if (files.length === 0)
    say(all ? 'no agent has written a file' : 'no files; --all shows discarded ones')
  else printTable(['name', 'size', 'type', 'step', 'attempt', 'written', 'status'], files.map(rowOf))
}

const rowOf = ({ name, bytes, contentType, stepId, attempt, createdAt, status }: TaskFileView): string[] => [
  name,
  bytesOf(bytes),
  contentType.split(';')[0] ?? '',
  stepId,
  String(attempt),
  createdAt.slice(0, 19).replace('T', ' '),
  status,
]

function getCommand(): Command {
  return new Command('get')
    .description('Download a file of a task')
    .argument('<taskId>', 'of the task', parseTaskId)
    .argument('<name>', 'of the file, or its id')
    .option('-o, --output <path>', 'write it to this file or folder; - for standard output')
    .option('-s, --step <stepId>', 'of the step that has written it')
    .option('--json', 'print JSON: where it was written')
    .action(async (id: string, name: string, _own: GetOptions, command: Command) => {
      // Options that "files" has too are taken by it.
      const { output, step, json = false } = command.optsWithGlobals<GetOptions>()
      const file = await findFile(id, name, step)
      const link = await callApi('getTaskFile', { id, fileId: file.fileId })
      const path = await target(output, file.name)
      await saveDownload(link, path)
      if (json) printJson({ ...file, path: path ?? '-' })
      else if (path !== undefined) say(`${path}: ${bytesOf(file.bytes)}`)
    })
}

/** Throws CliError where there is none, or where several steps have written one of this name. */
async function findFile(id: string, name: string, step: string | undefined): Promise<TaskFileView> {
  if (/^f_[0-9a-z]{26}$/.test(name)) return callApi('getTaskFile', { id, fileId: name })
  const found: TaskFileView[] = []
  for await (const { files } of callPages('listTaskFiles', { id, name, step })) found.push(...files)
  const [file, ...others] = found
  if (file && others.length === 0) return file
  if (file) {
    const steps = found.map(({ stepId, fileId }) => `--step ${shellWord(stepId)} (${fileId})`).join(', ')
    throw new CliError(`${found.length} steps have written "${name}": say which, ${steps}`)
  }
  const of = step === undefined ? '' : ` of step ${step}`
  throw new CliError(`task ${id} has no file "${name}"${of}; npx orchestrator files ${id} shows what it has`)
}
