import { TEST_KIT } from './test-kit.ts'

/** What a run consists of: the modules of the sandbox by their names, and the program that begins it. */
export type Program = { entry: string; modules: Readonly<Record<string, string>> }

type Sources = { code: string; tests?: string | undefined; input?: unknown }

/** Characters of the output as JSON. */
export const MOST_OUTPUT = 1_000_000

const KIT = './kit.js'
const CODE = './code.js'
const TESTS = './tests.js'
const ASSERT = './assert.js'
const TEST = './test.js'

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
 * Assembles a run. Tests that import nothing share the scope of the code, and so see what it does not export. Prefixes stand on the first line, so that
 * lines keep their numbers.
 */
export function programOf({ code, tests, input }: Sources): Program {
  const apart = tests !== undefined && DECLARES.test(tests)
  const whole = tests === undefined || apart ? code : `${code}\n${tests}`
  const console = `import { console } from '${KIT}';`
  const modules = {
    [KIT]: TEST_KIT,
    [TEST]: `export * from '${KIT}'; export { test as default } from '${KIT}'`,
    [ASSERT]: `import { assert } from '${KIT}'; export default assert; export const { ${ASSERTIONS.join(', ')} } = assert; export { assert }`,
    [CODE]: DECLARES.test(code)
      ? `${console}${whole}`
      : `${console}export default await (async () => {${whole}\n})();`,
    ...(apart ? { [TESTS]: `${console}${tests}` } : {}),
  }
  return { entry: entryOf(input, apart), modules }
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

/** Reads errors within the sandbox: the engine's stack does not cross its wall. */
const entryOf = (input: unknown, apart: boolean): string => `
  const faultOf = (error) => error instanceof Error
    ? { name: String(error.name).slice(0, 100), message: String(error.message).slice(0, 2000), stack: String(error.stack).slice(0, 10000) }
    : { name: 'Error', message: 'it threw ' + String(error).slice(0, 2000), stack: '' }
  try {
    const kit = await import('${KIT}')
    globalThis.input = ${input === undefined ? 'undefined' : `JSON.parse(${JSON.stringify(JSON.stringify(input))})`}
    let output = (await import('${CODE}')).default
    if (typeof output === 'function' && !/^class\\b/.test(String(output))) output = output(globalThis.input)
    output = await output
    output = JSON.stringify(typeof output === 'function' ? null : (output ?? null))
    if (output === undefined) throw new TypeError('the output is no JSON')
    if (output.length > ${MOST_OUTPUT}) throw new RangeError('the output has ' + output.length + ' characters as JSON; at most ${MOST_OUTPUT} are told')
    ${apart ? `await import('${TESTS}')` : ''}
    await kit.runTests()
    return '{"output":' + output + '}'
  } catch (error) {
    return JSON.stringify({ fault: faultOf(error) })
  }`
