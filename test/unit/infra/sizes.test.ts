import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseSync, type Span } from '@swc/core'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')
const SOURCE = /^(bench|cli|examples|functions|infra|local|scripts|shared|stages|testing|workflows)\//

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '')

const sources = files.filter((path) => SOURCE.test(path))

const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const linesOf = (text: string) => text.trimEnd().split('\n').length

const MOST_LINES_OF_FUNCTION = 80
const MOST_LINES_OF_FILE = 250
const MOST_FILES_OF_FOLDER = 15

const ADAPTER = 'the factory of an adapter: a list of short methods that share a client'

type Sized = { name: string; lines: number }

const FUNCTIONS = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'PrivateMethod',
  'Constructor',
  'MethodProperty',
])

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** The name of a function: its own, or that of the variable, property or argument that holds it. */
function nameOf(node: Record<string, unknown>): string | undefined {
  for (const key of ['identifier', 'id', 'key']) {
    const named = node[key]
    if (isObject(named) && typeof named.value === 'string') return named.value
  }
  return undefined
}

/** Every function in a file, inner ones too, and how many lines it takes. */
function functionsOf(text: string): Sized[] {
  // swc's byte offsets continue over all parsed texts; an empty statement marks where this text begins.
  const marked = `;${text.replace(/^#!/, '//')}`
  const bytes = Buffer.from(marked)
  const module = parseSync(marked, { syntax: 'typescript', target: 'es2022' })
  const found: Sized[] = []
  const walk = (node: unknown, holder: string): void => {
    if (Array.isArray(node)) {
      for (const inner of node) walk(inner, holder)
      return
    }
    if (!isObject(node)) return
    const name = nameOf(node) ?? holder
    if (FUNCTIONS.has(String(node.type))) {
      const { start, end } = node.span as Span
      const own = bytes.subarray(start - module.span.start, end - module.span.start)
      found.push({ name, lines: linesOf(own.toString()) })
    }
    for (const [key, inner] of Object.entries(node)) if (key !== 'span') walk(inner, name)
  }
  walk(module.body, 'module')
  return found
}

/** Functions past the limit, each with its reason. */
const LONG_FUNCTIONS: Readonly<Record<string, string>> = {
  'functions/adapters/dynamodb/counters/limits.ts dynamodbLimits': ADAPTER,
  'functions/adapters/dynamodb/registry/workflows.ts dynamodbWorkflows': ADAPTER,
  'functions/adapters/dynamodb/budgets/budgets.ts budgetsAt': ADAPTER,
  'functions/adapters/dynamodb/tasks/tasks.ts dynamodbTasks': ADAPTER,
  'functions/adapters/dynamodb/steps/steps.ts dynamodbSteps': ADAPTER,
  'functions/adapters/dynamodb/deletions/deletions.ts dynamodbDeletions': ADAPTER,
  'functions/adapters/dynamodb/tenants/tenants.ts dynamodbTenants': ADAPTER,
  'functions/adapters/s3/file-store.ts s3FileStore': ADAPTER,
  'local/stepfunctions/store/sqlite-store.ts sqliteStore': ADAPTER,
}

/** Source files past the limit, each with its reason. */
const LONG_FILES: Readonly<Record<string, string>> = {
  'functions/catalogue.ts': 'data: the table of functions',
  'shared/contracts/routes.ts': 'data: the table of routes',
  'shared/domain/error-texts.ts': 'data: what to say of each error',
}

const LIMITED_FOLDERS = /^(shared\/app|functions|local|test\/integration)(\/|$)/

/**
 * Folders in which casts through `unknown` are forbidden: the type checker could not see that a fake differs from the
 * real type.
 */
const CAST_FREE = /^(bench|examples|test|testing)\//

describe('sizes', () => {
  it(`no function is longer than ${MOST_LINES_OF_FUNCTION} lines`, () => {
    const long = sources.flatMap((path) =>
      functionsOf(textOf(path))
        .filter(({ lines }) => lines > MOST_LINES_OF_FUNCTION)
        .map(({ name }) => `${path} ${name}`),
    )
    expect(new Set(long)).toEqual(new Set(Object.keys(LONG_FUNCTIONS)))
  })

  it(`no source file is longer than ${MOST_LINES_OF_FILE} lines, but data`, () => {
    const long = sources.filter((path) => linesOf(textOf(path)) > MOST_LINES_OF_FILE)
    expect(new Set(long)).toEqual(new Set(Object.keys(LONG_FILES)))
  })

  it(`no folder of the large rooms has more than ${MOST_FILES_OF_FOLDER} files beside one another`, () => {
    const folders = Map.groupBy(files, dirname)
    const full = [...folders]
      .filter(([folder, all]) => LIMITED_FOLDERS.test(folder) && all.length > MOST_FILES_OF_FOLDER)
      .map(([folder, all]) => `${folder}: ${all.length}`)
    expect(full).toEqual([])
  })

  it('no test casts through unknown or never: test/support makes clients, ports, plans and templates of the right types', () => {
    const cast = new RegExp(['as', '(unknown|never)', 'as'].join(' '))
    const found = files.filter((path) => CAST_FREE.test(path) && cast.test(textOf(path)))
    expect(found).toEqual([])
    expect(files.some((path) => CAST_FREE.test(path))).toBe(true)
    expect(cast.test(['value', 'as', 'unknown', 'as', 'Port'].join(' '))).toBe(true)
  })

  it('measures functions where they begin and end, whatever stands around them', () => {
    const text = '// é\nfunction a() {\n  return { b: () =>\n    1 }\n}\n\nclass C { m() {\n} }\n// end\n'
    expect(functionsOf(text)).toEqual([
      { name: 'a', lines: 4 },
      { name: 'b', lines: 2 },
      { name: 'm', lines: 2 },
    ])
    expect(functionsOf('#!/usr/bin/env node\nconst b = function () {\n}\n')).toEqual([
      { name: 'b', lines: 2 },
    ])
  })

  it('reads the sources', () => {
    expect(sources.length).toBeGreaterThan(300)
    expect(sources).toContain('shared/contracts/routes.ts')
  })
})
