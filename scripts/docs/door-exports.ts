import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { code, generated, page, table } from './table.ts'

const DECLARED =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^export (?:async )?(type|interface|const|function|class) (\w+)/gm
const PASSED_ON = /^export (?:type )?\{([^}]*)\} from '([^']+)'/gm

type Said = [kind: string, says: string]

/** Every name that may be imported through a door of the package, with what the comment at its declaration says. */
export function doorExports(root: string, door: string): string {
  const rows = [...exportsOf(join(root, door))].map(([name, said]) => [code(name), ...said])
  return page(generated(door), table(['name', 'kind', 'what it is'], rows)).trim()
}

/** What a file exports, what it passes on of others first. */
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

/** What is exported where it is declared: its kind, and the words of its comment. */
const declarationsIn = (text: string): [string, Said][] =>
  [...text.matchAll(DECLARED)].map(([, comment = '', kind = '', name = '']) => [
    name,
    [kind, comment.replaceAll(/^\s*\*\s?/gm, ' ').replaceAll(/\{@link (\w+)\}/g, '`$1`')],
  ])
