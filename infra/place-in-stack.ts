import { pathToFileURL } from 'node:url'

/**
 * The file with the line and column at which an error was thrown; without them if the stack trace does not mention the
 * file.
 */
export function placeInStack(file: string, path: string, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const url = pathToFileURL(path).href
  const at = stack.indexOf(`${url}:`)
  const [, place] = at === -1 ? [] : (/^(:\d+(:\d+)?)/.exec(stack.slice(at + url.length)) ?? [])
  return `${file}${place ?? ''}`
}
