import { pathToFileURL } from 'node:url'

/** A file with the line and column in it where an error was thrown; the file alone if the stack trace does not mention it. */
export function placeInStack(file: string, path: string, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const url = pathToFileURL(path).href
  const at = stack.indexOf(`${url}:`)
  const [, place] = at === -1 ? [] : (/^(:\d+(:\d+)?)/.exec(stack.slice(at + url.length)) ?? [])
  return `${file}${place ?? ''}`
}
