import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { code, generated, page, table } from './table.ts'

const DECLARED =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^export (?:async )?(type|interface|const|function|class) (\w+)/gm
const PASSED_ON = /^export (?:type )?\{([^}]*)\} from '([^']+)'/gm

type Said = [kind: string, says: string]

/** The names that a public entry point exports, each with the comment at its declaration. */
export function doorExports(root: string, door: string): string {
  const rows = [...exportsOf(join(root, door))].map(([name, said]) => [code(name), ...said])
  return page(generated(door), table(['name', 'kind', 'what it is'], rows)).trim()
}

/** The exports of a file, re-exports first. */
function exportsOf(file: string): Map<string, Said> {
  const text = readFileSync(file, 'utf8')
  const passedOn = [...text.matchAll(PASSED_ON)].flatMap(([, names = '', from = '']) => {
    const declared = exportsOf(join(dirname(file), from))
    return namesIn(names).map((name): [string, Said] => [name, declared.get(name) ?? ['', '']])
  })
  return new Map([...passedOn, ...declarationsIn(text)])
}

const namesIn = (list: string): string[] =>
  list
    .split(',')
    .map((name) => name.trim().replace(/^type /, ''))
    .filter((name) => name !== '')

/** Exported declarations: kind, and text of the comment. */
const declarationsIn = (text: string): [string, Said][] =>
  [...text.matchAll(DECLARED)].map(([, comment = '', kind = '', name = '']) => [
    name,
    [kind, comment.replaceAll(/^\s*\*\s?/gm, ' ').replaceAll(/\{@link (\w+)\}/g, '`$1`')],
  ])
