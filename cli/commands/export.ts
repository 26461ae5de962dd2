import { Command } from 'commander'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'
import { ExportFolder, MANIFEST } from '../export/folder.ts'
import { PARTS } from '../export/parts.ts'
import { say } from '../show/output.ts'
import { printError, printJson } from '../show/terminal.ts'

type Options = { tenant: string; out?: string; json?: boolean }

/** How often the progress is told where nobody watches the terminal. */
const TOLD_EVERY_MILLISECONDS = 10_000

export function exportCommand(): Command {
  return new Command('export')
    .description('Copy everything of your tenant into a folder: JSON lines, files, and their digests')
    .requiredOption('--tenant <tenant>', 'its name, to be sure; it must be that of the caller')
    .option('-o, --out <folder>', 'empty, or with an export to go on with; ./export-<tenant> by default')
    .option('--json', 'print JSON: the folder and how many lines of what')
    .addHelpText(
      'after',
      '\nIt needs the scopes tasks:read, agents:read, workflows:read, keys:write and\naudit:read, or admin. A call that was interrupted is repeated: it goes on.\n\nExample:\n  npx orchestrator export --tenant acme --out ./acme',
    )
    .action(async ({ tenant, out = `export-${tenant}`, json = false }: Options) => {
      const { own, status } = await callApi('getTenant', { name: tenant })
      if (!own)
        throw new CliError(
          `"${tenant}" is not the tenant of this caller, and an export has what its caller may see: ask as one of that tenant`,
        )
      if (status === 'deleting') throw new CliError(`the tenant "${tenant}" is being deleted`)
      const folder = await ExportFolder.open(out, tenant)
      await writeParts(folder, json)
      await folder.close({ parts: PARTS.map(({ name }) => name) })
      const { counts } = folder.state
      if (json) return printJson({ folder: out, counts })
      say(
        `${out}: ${Object.entries(counts)
          .map(([name, count]) => `${count} ${name}`)
          .join(', ')}`,
      )
      say(`their digests stand in ${MANIFEST}`)
    })
}

async function writeParts(folder: ExportFolder, json: boolean): Promise<void> {
  let told = Date.now()
  for (let part = PARTS[folder.state.part]; part; part = PARTS[folder.state.part]) {
    const next = await part.page(folder, folder.state.cursor)
    await folder.reached(next)
    if (json || Date.now() - told < TOLD_EVERY_MILLISECONDS) continue
    told = Date.now()
    printError(`${part.name}: ${folder.state.counts[part.name] ?? 0} so far`)
  }
}
