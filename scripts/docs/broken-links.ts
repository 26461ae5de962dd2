import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { Marked, type Token } from 'marked'

export type BrokenLink = { file: string; line: number; target: string; why: string }

const SOURCE = /\.(ts|mjs|yaml)$/
/** Generated files are compared by tests; a changelog may name pages that have moved. */
const UNREAD = /__snapshots__|^CHANGELOG\.md$|^test\/unit\/scripts\//
/** Source files name a page by its path from the root. */
const PAGE_IN_SOURCE = /(?<![\w/.-])docs\/[\w/-]+\.md(#[\w-]+)?/g
const ADDRESS = /^[a-z][a-z+.-]*:/i

/**
 * Relative links in Markdown files, and pages (`docs/...md`) named in source files, with a missing file or anchor.
 * `files` are paths from `root`; a file outside it counts as missing. Links to other hosts are not checked.
 */
export function brokenLinks(
  root: string,
  files: readonly string[],
): { broken: BrokenLink[]; checked: number } {
  const anchors = new Map<string, Set<string>>()
  const anchorsOf = (file: string): Set<string> => {
    const known = anchors.get(file) ?? anchorsIn(readFileSync(join(root, file), 'utf8'))
    anchors.set(file, known)
    return known
  }
  const found = files
    .filter((file) => !UNREAD.test(file) && existsSync(join(root, file)))
    .flatMap((file) => {
      if (file.endsWith('.md')) return linksOfMarkdown(root, file)
      return SOURCE.test(file) ? linksOfSource(root, file) : []
    })
  const broken = found.flatMap(({ file, line, target, path, anchor }): BrokenLink[] => {
    const said = { file, line, target }
    if (path.startsWith('..')) return [{ ...said, why: 'it leads out of the repository' }]
    if (!existsSync(join(root, path))) return [{ ...said, why: `there is no ${path}` }]
    if (anchor === '' || !path.endsWith('.md') || statSync(join(root, path)).isDirectory()) return []
    if (anchorsOf(path).has(anchor)) return []
    return [{ ...said, why: `${path} has no heading with the anchor #${anchor}` }]
  })
  return { broken, checked: found.length }
}

type Link = { file: string; line: number; target: string; path: string; anchor: string }

function linksOfMarkdown(root: string, file: string): Link[] {
  const text = readFileSync(join(root, file), 'utf8')
  return targetsIn(text)
    .filter((target) => !ADDRESS.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#')
      const at = path === '' ? file : relative(root, join(root, dirname(file), decodeURI(path)))
      return { file, line: lineOf(text, `(${target}`), target, path: at, anchor }
    })
}

function linksOfSource(root: string, file: string): Link[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(PAGE_IN_SOURCE)].map(({ 0: target, index }) => {
    const [path = '', anchor = ''] = target.split('#')
    return { file, line: text.slice(0, index).split('\n').length, target, path, anchor }
  })
}

const lineOf = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split('\n').length

/** Targets of links and images, except in code. */
function targetsIn(text: string): string[] {
  const targets: string[] = []
  const marked = new Marked()
  marked.walkTokens(marked.lexer(text), (token: Token) => {
    if (token.type === 'link' || token.type === 'image') targets.push(String(token.href))
  })
  return targets
}

/** Anchors of headings as GitHub generates them: lower case, no punctuation, dashes for blanks, numbered if repeated. */
function anchorsIn(text: string): Set<string> {
  const seen = new Map<string, number>()
  const anchors = new Set([...text.matchAll(/<a (?:name|id)="([^"]+)"/g)].map(([, name]) => String(name)))
  const marked = new Marked()
  marked.walkTokens(marked.lexer(text), (token: Token) => {
    if (token.type !== 'heading') return
    const anchor = slugOf(String(token.text))
    const before = seen.get(anchor) ?? 0
    seen.set(anchor, before + 1)
    anchors.add(before === 0 ? anchor : `${anchor}-${before}`)
  })
  return anchors
}

const slugOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*]/g, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')
