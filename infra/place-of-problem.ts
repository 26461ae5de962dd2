import { pathToFileURL } from 'node:url'
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'

/** `:3:5`, the line and column of a dotted path in a YAML text, or of the innermost parent that exists. */
export function placeInYaml(text: string, path: string): string {
  const lines = new LineCounter()
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines, uniqueKeys: false })
  const [error] = document.errors
  let offset = error?.pos[0] ?? 0
  let node: unknown = document.contents
  for (const name of error ? [] : path.split(/[.[\]]+/).filter((part) => part !== '')) {
    const pair = isMap(node)
      ? node.items.find(({ key }) => isScalar(key) && String(key.value) === name)
      : undefined
    if (pair) {
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else {
      node = isSeq(node) ? node.items[Number(name)] : undefined
      if (!isNode(node)) break
      offset = node.range?.[0] ?? offset
    }
  }
  const { line, col } = lines.linePos(offset)
  return `:${line}:${col}`
}

/** A file with the line and column in it where an error was thrown; the file alone if the stack trace does not mention it. */
export function placeInStack(file: string, path: string, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const url = pathToFileURL(path).href
  const at = stack.indexOf(`${url}:`)
  const [, place] = at === -1 ? [] : (/^(:\d+(:\d+)?)/.exec(stack.slice(at + url.length)) ?? [])
  return `${file}${place ?? ''}`
}
