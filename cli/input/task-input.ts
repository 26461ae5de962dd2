import { isJsonObject, type Json } from '../../shared/domain/json.ts'
import { CliError } from '../cli-error.ts'
import { readJsonOption } from './read-json-option.ts'
import { uploadPath } from './upload-files.ts'

/**
 * The input of a task, from --input and the uploads of --file, and the references to what was uploaded. Throws CliError where an input that is
 * no object should get members.
 */
export async function taskInput(
  input: string | undefined,
  file: readonly [string, string][],
): Promise<{ body: Json; files: { $file: string }[] }> {
  const given = input === undefined ? {} : await readJsonOption(input)
  if (file.length > 0 && !isJsonObject(given)) {
    throw new CliError('--file adds members to the input, so --input must be a JSON object')
  }
  const named: [string, { $file: string }][] = []
  for (const [name, path] of file) named.push([name, (await uploadPath(path)).reference])
  const files = named.map(([, reference]) => reference)
  // Object.fromEntries defines members, so that even a file named `__proto__` becomes one.
  const body = isJsonObject(given) ? Object.fromEntries([...Object.entries(given), ...named]) : given
  return { body, files }
}
