/** What `code.run` has beside the language (functions/agents/code-run/test-kit.ts). */
export const SANDBOX_TYPES = `
declare const input: any
declare const console: Record<'log' | 'info' | 'debug' | 'warn' | 'error' | 'trace', (...values: unknown[]) => void>
declare namespace SandboxKit {
  type Work = () => unknown
  interface Register {
    (name: string, work: Work): void
    each(rows: readonly any[]): (name: string, work: (...row: any[]) => unknown) => void
  }
  interface Matchers<R> {
    toBe(other: unknown): R
    toEqual(other: unknown): R
    toStrictEqual(other: unknown): R
    toMatchObject(other: object): R
    toBeCloseTo(other: number, digits?: number): R
    toBeGreaterThan(other: number | bigint): R
    toBeGreaterThanOrEqual(other: number | bigint): R
    toBeLessThan(other: number | bigint): R
    toBeLessThanOrEqual(other: number | bigint): R
    toBeTruthy(): R
    toBeFalsy(): R
    toBeNull(): R
    toBeUndefined(): R
    toBeDefined(): R
    toBeNaN(): R
    toBeInstanceOf(other: unknown): R
    toBeTypeOf(other: string): R
    toContain(other: unknown): R
    toContainEqual(other: unknown): R
    toHaveLength(length: number): R
    toHaveProperty(path: string | readonly (string | number)[], value?: unknown): R
    toMatch(other: string | RegExp): R
    toThrow(expected?: unknown): R
    toThrowError(expected?: unknown): R
  }
  interface Expected extends Matchers<void> {
    not: Matchers<void>
    resolves: Matchers<Promise<void>> & { not: Matchers<Promise<void>> }
    rejects: Matchers<Promise<void>> & { not: Matchers<Promise<void>> }
  }
  interface Assert {
    (value: unknown, message?: string): asserts value
    ok(value: unknown, message?: string): asserts value
    equal(value: unknown, other: unknown, message?: string): void
    strictEqual(value: unknown, other: unknown, message?: string): void
    notEqual(value: unknown, other: unknown, message?: string): void
    notStrictEqual(value: unknown, other: unknown, message?: string): void
    deepEqual(value: unknown, other: unknown, message?: string): void
    deepStrictEqual(value: unknown, other: unknown, message?: string): void
    throws(work: Work, expected?: unknown): void
    rejects(work: Work | Promise<unknown>): Promise<void>
    fail(message?: string): never
  }
}
declare const test: SandboxKit.Register
declare const it: SandboxKit.Register
declare const describe: SandboxKit.Register
declare const expect: (value: unknown) => SandboxKit.Expected
declare const assert: SandboxKit.Assert
declare const beforeEach: (work: SandboxKit.Work) => void
declare const afterEach: (work: SandboxKit.Work) => void
declare const beforeAll: (work: SandboxKit.Work) => void
declare const afterAll: (work: SandboxKit.Work) => void
${['vitest', '@jest/globals', 'node:test'].map(testLibrary).join('\n')}
${['node:assert', 'node:assert/strict', 'assert'].map((name) => `declare module '${name}' { const kit: SandboxKit.Assert; export default kit; export { kit as assert } }`).join('\n')}
`

function testLibrary(name: string): string {
  const names = ['test', 'it', 'describe']
  const registers = names.map((one) => `export const ${one}: SandboxKit.Register`).join('; ')
  const hooks = ['beforeEach', 'afterEach', 'beforeAll', 'afterAll']
    .map((one) => `export const ${one}: (work: SandboxKit.Work) => void`)
    .join('; ')
  return `declare module '${name}' { ${registers}; ${hooks}; export const expect: (value: unknown) => SandboxKit.Expected; export const assert: SandboxKit.Assert; export default test }`
}
