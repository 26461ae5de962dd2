import { readFile } from 'node:fs/promises'
import type { Json } from '../../shared/domain/json.ts'
import { CliError } from '../cli-error.ts'

/** JSON from an option, or from a file as `@path`. Throws CliError with the place of a syntax error. */
export async function readJsonOption(text: string, option = '--input'): Promise<Json> {
  const path = text.startsWith('@') ? text.slice(1) : undefined
  const content = path === undefined ? text : await readTextFile(path)
  try {
    return JSON.parse(content) as Json
  } catch (error) {
    throw new CliError(`${path ?? option} is not JSON: ${(error as Error).message}`)
  }
}

export async function readTextFile(path: string): Promise<string> {
  if (path === '') throw new CliError('there is no file with an empty name')
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new CliError(`${path} cannot be read: ${(error as Error).message}`)
  }
}
