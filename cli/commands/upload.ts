import { Command } from 'commander'
import { uploadPath } from '../input/upload-files.ts'
import { print, printJson } from '../show/terminal.ts'

export function uploadCommand(): Command {
  return new Command('upload')
    .description('Upload a file or folder for tasks to work on')
    .argument('<path>')
    .option('--folder <name>', 'under this name; "corpus" is what the research workflows search by default')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  npx orchestrator upload ./docs --folder corpus')
    .action(async (path: string, { folder, json = false }: { folder?: string; json?: boolean }) => {
      const { reference, count } = await uploadPath(path, folder)
      if (json) return printJson({ reference, count })
      print(
        `${count} ${count === 1 ? 'file' : 'files'} uploaded; name them in an input as ${JSON.stringify(reference)}`,
      )
    })
}
