import { stat } from 'node:fs/promises'
import { readTextFile } from './read-json-option.ts'

/**
 * What `--workflow` means: the text of a file, or the name of a deployed workflow, whose newest version is taken. Throws CliError for a file
 * that cannot be read.
 */
export async function wantedWorkflow(given: string): Promise<string> {
  const isFile = (await stat(given).catch(() => undefined))?.isFile() ?? false
  return isFile || /[./\\]/.test(given) ? readTextFile(given) : given
}
