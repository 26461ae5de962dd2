import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { code, generated, page, table } from './table.ts'

const DECLARED =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^export (?:async )?(type|const|function|class) (\w+)/gm
const PASSED_ON = /^export (?:type )?\{([^}]*)\} from '([^']+)'/gm

/** Every name that an agent's author may import, with what its comment says. */
export function agentExports(root: string): string {
  const text = readFileSync(join(root, 'shared/agent/index.ts'), 'utf8')
  const own = [...text.matchAll(DECLARED)].map(([, comment = '', kind = '', name = '']) => [
    code(name),
    kind,
    comment.replaceAll(/^\s*\*\s?/gm, ' ').replaceAll(/\{@link (\w+)\}/g, '`$1`'),
  ])
  const others = [...text.matchAll(PASSED_ON)].flatMap(([, names = '', from = '']) =>
    names
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '')
      .map((name) => [code(name), '', `from ${code(from.replace(/^\.\.\//, 'shared/'))}`]),
  )
  return page(
    generated('shared/agent/index.ts'),
    table(['name', 'kind', 'what it is'], [...own, ...others]),
  ).trim()
}
