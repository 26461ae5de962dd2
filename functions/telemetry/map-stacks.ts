/**
 * Stack traces that name the author's files, in AWS and on a laptop alike. It is part of every bundle (infra/bundle-functions.ts), and reads
 * the source map beside the bundle when the first stack is asked for. `--enable-source-maps` of Node.js would read it at every start, keep
 * it whole in memory, and name files by where the bundle lies.
 *
 * Invariants (tests cite them):
 * map-stacks/M1 a frame in the bundle is told by file, line and column of its source; a frame in a package by its file
 * map-stacks/M2 where there is no map, or it cannot be read, frames are told as they are: describing an error never throws
 */
import { readFileSync } from 'node:fs'
import { readMappings } from '../../shared/domain/source-mappings.ts'

/** More than the 10 of Node.js: schema libraries and SDKs take as many before the author's own frame. */
const MOST_FRAMES = 25

const BUNDLE = import.meta.url
const BUNDLE_NAME = BUNDLE.slice(BUNDLE.lastIndexOf('/') + 1)

type SourceMap = { sources: string[]; mappings: string; x_root?: string }
let known: SourceMap | 'none' | undefined

Error.stackTraceLimit = MOST_FRAMES
Error.prepareStackTrace = (error, sites) => [headOf(error), ...sites.map(frameOf)].join('\n    at ')

/** As V8 writes it, for an error of any kind. */
function headOf(error: unknown): string {
  try {
    return String(error)
  } catch {
    return 'Error'
  }
}

function frameOf(site: NodeJS.CallSite): string {
  const text = String(site)
  if (site.getFileName() !== BUNDLE) return text
  const [line, column] = [site.getLineNumber() ?? 1, site.getColumnNumber() ?? 1]
  const position = rememberedPosition(line, column) ?? `${BUNDLE_NAME}:${line}:${column}`
  return text.replace(`${BUNDLE}:${line}:${column}`, () => position)
}

/** Errors come from few places, and each look-up reads the whole map. */
const positions = new Map<string, string | undefined>()
const MOST_POSITIONS = 1_000

function rememberedPosition(line: number, column: number): string | undefined {
  const key = `${line}:${column}`
  if (!positions.has(key)) {
    if (positions.size >= MOST_POSITIONS) positions.clear()
    positions.set(key, positionOf(line, column))
  }
  return positions.get(key)
}

/** Where a place in the bundle, counted from 1, comes from. */
function positionOf(line: number, column: number): string | undefined {
  known ??= readMap()
  if (known === 'none') return undefined
  try {
    return positionIn(known, line, column)
  } catch {
    known = 'none'
    return undefined
  }
}

function positionIn({ sources, mappings, x_root: root = '' }: SourceMap, line: number, column: number) {
  let [found, foundLine, foundColumn] = [-1, 0, 0]
  readMappings(mappings, (inLine, fromColumn, source, sourceLine, sourceColumn) => {
    if (inLine === line - 1 && fromColumn < column)
      [found, foundLine, foundColumn] = [source, sourceLine, sourceColumn]
  })
  const source = sources[found]
  if (source === undefined) return undefined
  const file = source.startsWith(root) ? source.slice(root.length) : source
  // The map holds no lines of packages, only their files.
  return file.startsWith('node_modules/') ? file : `${file}:${foundLine + 1}:${foundColumn + 1}`
}

function readMap(): SourceMap | 'none' {
  try {
    const map = JSON.parse(readFileSync(`${import.meta.filename}.map`, 'utf8')) as SourceMap | null
    return map ?? 'none'
  } catch {
    return 'none'
  }
}
