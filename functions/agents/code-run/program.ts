import { testKit } from './test-kit.ts'

/** What a run consists of: the modules of the sandbox by their names, and the program that begins it. */
export type Program = {
  entry: string
  modules: Readonly<Record<string, string>>
  /** The module that begins and runs tests: the first imports of it are the program's own, and all others are refused (code-run/C5). */
  control: { name: string; imports: number }
}

type Sources = {
  code: string
  tests?: string | undefined
  input?: unknown
  /** Random texts of letters and digits. `id` names what only the program may import; who has the `secret` may tell results of tests. */
  random: { id: string; secret: string }
}

/** Characters of the output as JSON. */
export const MOST_OUTPUT = 1_000_000

const KIT = './kit.js'
const CODE = './code.js'
const TESTS = './tests.js'
const ASSERT = './assert.js'
const TEST = './test.js'

/** What tests use without an import. */
const GLOBALS = 'test, it, describe, expect, assert, beforeEach, afterEach, beforeAll, afterAll'

const ASSERTIONS = [
  'ok',
  'equal',
  'strictEqual',
  'notEqual',
  'notStrictEqual',
  'deepEqual',
  'deepStrictEqual',
  'throws',
  'rejects',
  'fail',
]

/** What tests may import of a test library: all of it is the kit. */
const LIBRARIES: Readonly<Record<string, string>> = {
  vitest: KIT,
  '@jest/globals': KIT,
  'node:test': TEST,
  'node:assert': ASSERT,
  'node:assert/strict': ASSERT,
  assert: ASSERT,
}

/** These begin the name of a module that the sandbox does not have. It is one that throws: a loader that throws would end the run without its answer. */
export const MISSING = 'missing:'

/** A line that begins with `import` or `export`, as an ES module has it. `import(...)` and `import.meta` are no declarations. */
const DECLARES = /^[ \t]*(?:export\b|import\b(?![ \t]*[.(]))/m

/**
 * Assembles a run. Tests that import nothing share the scope of the code, and so see what it does not export; the names of the test library are bound once
 * more around them, so that the code cannot have others by these names. Prefixes stand on the first line, so that lines keep their numbers.
 */
export function programOf({ code, tests, input, random }: Sources): Program {
  const apart = tests !== undefined && DECLARES.test(tests)
  const shared = tests !== undefined && !apart
  const control = `./control-${random.id}.js`
  const begin = `begin_${random.id}`
  const whole = shared ? `${code}\n;await ${begin}(async ({ ${GLOBALS} }) => {{${tests}\n}})` : code
  const prefix = `import { console } from '${KIT}';`
  const own = shared ? `${prefix}import { begin as ${begin} } from '${control}';` : prefix
  const modules = {
    [control]: testKit(random.secret),
    [KIT]: `export { ${GLOBALS}, console } from '${control}'`,
    [TEST]: `export * from '${KIT}'; export { test as default } from '${KIT}'`,
    [ASSERT]: `import { assert } from '${KIT}'; export default assert; export const { ${ASSERTIONS.join(', ')} } = assert; export { assert }`,
    [CODE]: DECLARES.test(code)
      ? `${own}${whole}`
      : `${own}export default await (async () => {${whole}\n})();`,
    ...(apart ? { [TESTS]: `${prefix}${tests}` } : {}),
  }
  // One is the program's, one that of the library, and one that of the code.
  return {
    entry: entryOf(input, control, apart),
    modules,
    control: { name: control, imports: shared ? 3 : 2 },
  }
}

/** The name of the module that an import means: a relative path from the tests is the code. */
export function moduleNamed(specifier: string, { modules }: Program): string {
  if (Object.hasOwn(modules, specifier)) return specifier
  if (Object.hasOwn(LIBRARIES, specifier)) return LIBRARIES[specifier] ?? KIT
  return /^\.{1,2}\//.test(specifier) ? CODE : `${MISSING}${specifier.slice(0, 200)}`
}

export const sourceNamed = (name: string, { modules }: Program): string =>
  Object.hasOwn(modules, name)
    ? (modules[name] ?? '')
    : `throw new Error(${JSON.stringify(noModule(name.slice(MISSING.length)))})`

export const noModule = (specifier: string): string =>
  `there is no module "${specifier}": the sandbox has the code, its tests and the language`

/** Reads errors within the sandbox: the engine's stack does not cross its wall. `own` is how many tests the tests hold; others may be of the code. */
const entryOf = (input: unknown, control: string, apart: boolean): string => `
  const faultOf = (error) => error instanceof Error
    ? { name: String(error.name).slice(0, 100), message: String(error.message).slice(0, 2000), stack: String(error.stack).slice(0, 10000) }
    : { name: 'Error', message: 'it threw ' + String(error).slice(0, 2000), stack: '' }
  try {
    const kit = await import('${control}')
    await import('${KIT}')
    globalThis.input = ${input === undefined ? 'undefined' : `JSON.parse(${JSON.stringify(JSON.stringify(input))})`}
    let output = (await import('${CODE}')).default
    if (typeof output === 'function' && !/^class\\b/.test(String(output))) output = output(globalThis.input)
    output = await output
    output = JSON.stringify(typeof output === 'function' ? null : (output ?? null))
    if (output === undefined) throw new TypeError('the output is no JSON')
    if (output.length > ${MOST_OUTPUT}) throw new RangeError('the output has ' + output.length + ' characters as JSON; at most ${MOST_OUTPUT} are told')
    ${apart ? `await kit.begin(() => import('${TESTS}'))` : ''}
    const own = await kit.runTests()
    return '{"own":' + own + ',"output":' + output + '}'
  } catch (error) {
    return JSON.stringify({ fault: faultOf(error) })
  }`
