import { describe, expect, it } from 'vitest'
import { checkFiles } from '../../../functions/agents/code-check/check-files.ts'
import { type Checked, CheckSchema } from '../../../functions/agents/code-check/schemas.ts'

const check = (files: Record<string, string>, more: object = {}): Checked =>
  checkFiles(
    CheckSchema.parse({
      files: Object.entries(files).map(([path, content]) => ({ path, content })),
      ...more,
    }),
  )

const place = ({ diagnostics }: Checked): string[] =>
  diagnostics.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`)

describe('code.check', () => {
  it('finds nothing wrong with what is right, in files that import each other', () => {
    const files = {
      'src/code.ts': 'export const add = (a: number, b: number): number => a + b\nexport default add',
      'src/code.test.ts':
        'import { expect, test } from "vitest"\nimport assert from "node:assert"\nimport { add } from "./code.ts"\ntest("adds", async () => { expect(add(1, 2)).toBe(3); assert.equal(add(1, 1), 2); await expect(Promise.resolve(1)).resolves.toBe(1) })',
      'main.js': 'import add from "./src/code.js"\nconsole.log(add(1, 2), input)',
    }
    expect(check(files)).toEqual({ ok: true, files: 3, errors: 0, diagnostics: [] })
  })

  it('names file, line, column and code', () => {
    const checked = check({
      'a.ts': 'const n: number = "text"\n\n  missing()',
      'b.ts': 'import { a } from "./a.ts"\nimport fs from "node:fs"',
      'c.ts': 'const = 1',
      'd.js': 'null.x',
    })
    expect(place(checked)).toEqual([
      'a.ts:1:7 TS2322',
      'a.ts:3:3 TS2304',
      'b.ts:1:10 TS2305',
      'b.ts:2:16 TS2591',
      'c.ts:1:7 TS1134',
      'c.ts:1:9 TS1134',
      'd.js:1:1 TS18050',
    ])
    expect(checked.diagnostics[0]?.message).toBe(`Type 'string' is not assignable to type 'number'.`)
    expect(checked).toMatchObject({ ok: false, files: 4 })
  })

  it('knows the language, and beside it only what code.run has', () => {
    const code =
      'export const at = [1, 2].toSorted().at(-1)\nexport const has = Object.hasOwn({}, "a")\nexport const m: Map<string, bigint> = new Map([["a", 1n]])'
    expect(check({ 'a.ts': code }).diagnostics).toEqual([])
    for (const name of ['process', 'document', 'fetch', 'setTimeout', 'Buffer', 'require'])
      expect(check({ 'a.ts': `export const a = ${name}` }).ok, name).toBe(false)
    expect(check({ 'a.ts': 'console.log(1)' }).ok).toBe(true)
    expect(check({ 'a.ts': 'console.log(1)' }, { environment: 'none' }).ok).toBe(false)
  })

  it('is as strict as it is told', () => {
    const files = { 'a.ts': 'export const f = (a) => a' }
    expect(check(files).ok).toBe(false)
    expect(check(files, { strict: false }).ok).toBe(true)
    expect(check({ 'a.js': 'export const f = (a) => a' }).ok).toBe(true)
  })

  it('lists no more than a hundred, and says how many there are', () => {
    const { errors, diagnostics } = check({
      'a.ts': Array.from({ length: 150 }, (_, n) => `missing${n}()`).join('\n'),
    })
    expect([errors, diagnostics.length]).toEqual([150, 100])
  })

  it('reads no file of this machine', () => {
    const code =
      '/// <reference path="/etc/passwd" />\n/// <reference types="node" />\nimport a from "/etc/passwd"\nimport b from "../../../../etc/passwd"\nimport c from "typescript-5"'
    const checked = check({ 'a.ts': code })
    expect(checked.ok).toBe(false)
    expect(JSON.stringify(checked)).not.toMatch(/root:/)
  })

  it.each(['../a.ts', '/a.ts', 'a/../b.ts', 'a.txt', 'a.d', '', 'a\\b.ts', './a.ts'])(
    'has no file called %j',
    (path) => {
      expect(CheckSchema.safeParse({ files: [{ path, content: '' }] }).success).toBe(false)
    },
  )

  it.each([
    [
      'types without end',
      'type A<N extends unknown[]> = N["length"] extends 1e9 ? N : A<[...N, 0]>\nexport type B = A<[]>',
    ],
    ['a deep source', `export const a = ${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    [
      'a union of many',
      'type D = "0"|"1"|"2"|"3"|"4"|"5"|"6"|"7"|"8"|"9"\nexport type U = `${D}${D}${D}${D}${D}${D}${D}`',
    ],
  ])('ends: %s', (_what, content) => {
    const startedAt = performance.now()
    try {
      check({ 'a.ts': content })
    } catch (error) {
      expect(error).toMatchObject({ name: 'InvalidInputError' })
    }
    expect(performance.now() - startedAt).toBeLessThan(30_000)
  })
})
