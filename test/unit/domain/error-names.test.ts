import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileWorkflow } from '../../../shared/compiler/index.ts'
import { ERRORS } from '../../../shared/domain/error-table.ts'
import { FOREIGN_ERRORS } from '../../../shared/domain/error-texts.ts'
import { ISSUE_CODES } from '../../../shared/domain/issue-codes.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'

const ROOT = join(import.meta.dirname, '../../..')
const NAMES = new Set([...Object.keys(ERRORS), ...Object.keys(FOREIGN_ERRORS)])
/**
 * Not errors of ours: foreign names that our code translates, the class that the typed client throws for a problem, and names that code.run
 * tells in its output, of errors of the code that it has run.
 */
const READ_ONLY = new Set([
  'TimeoutError',
  'States.ALL',
  'ApiError',
  'OutOfMemoryError',
  'RangeError',
  'SyntaxError',
])

const isKnown = (name: string): boolean =>
  NAMES.has(name) || NAMES.has(name.replace(/\.\w+$/, '.*')) || READ_ONLY.has(name)

function sources(): { file: string; text: string }[] {
  return ['shared', 'functions', 'cli'].flatMap((room) =>
    readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => ({ file: join(room, file), text: readFileSync(join(ROOT, room, file), 'utf8') })),
  )
}

/** Quoted error names: ours end with Error, those of AWS begin with the service. */
const namesIn = (text: string): string[] =>
  [
    ...text.matchAll(
      /'([A-Z]\w+Error|(?:Lambda|Runtime|Sandbox|States|StepFunctions|DynamoDB|DynamoDb)\.\w+)'/g,
    ),
  ].flatMap(([, name]) => name ?? [])

const codesIn = (text: string): string[] =>
  // The check of types makes its issues from typed misfits.
  [/\bissue\(\s*'([a-z-]+)'/g, /\{ code: '([a-z-]+)', (?:at|message)\b/g].flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap(([, code]) => code ?? []),
  )

/** Every value of `Error` and `ErrorEquals` in a definition. */
function namesInDefinition(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesInDefinition)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Error' && typeof inner === 'string') return [inner]
    return key === 'ErrorEquals' ? (inner as string[]) : namesInDefinition(inner)
  })
}

/** One step of each kind, with every option for failures. */
const EVERY_KIND = {
  name: 'every-kind',
  steps: {
    call: {
      capability: 'echo',
      input: {},
      retry: { maxAttempts: 5 },
      timeoutSeconds: 9,
      onFailure: { step: 'mend' },
    },
    mend: { capability: 'echo', input: {} },
    each: { capability: 'echo', forEach: '{% [1] %}', input: {}, tolerate: '10%' },
    body: { forEach: '{% [1] %}', steps: { inner: { capability: 'echo', input: {} } } },
    loop: {
      repeat: { steps: { round: { capability: 'echo', input: {} } }, until: '{% true %}', maxIterations: 2 },
    },
    ask: { approval: { prompt: 'Go on?', timeoutSeconds: 60 } },
    rest: { wait: { seconds: 1 } },
    tell: { emit: { type: 'told' } },
    child: { workflow: 'simple', timeoutSeconds: 60 },
    gate: { capability: 'echo', input: {}, needs: ['call', 'each'] },
    other: { capability: 'echo', input: {}, needs: ['each', 'loop'], join: 'settled' },
    third: { capability: 'echo', input: {}, needs: ['call', 'loop'], join: 'any' },
  },
}

describe('names of errors', () => {
  it('are all in the table, wherever the source names one', () => {
    const found = sources().flatMap(({ file, text }) => namesIn(text).map((name) => ({ file, name })))
    expect(found.length).toBeGreaterThan(150)
    expect(found.filter(({ name }) => !isKnown(name))).toEqual([])
  })

  it('are all in the table, whatever a workflow compiles to', () => {
    const { workflow, issues } = validateWorkflow(EVERY_KIND)
    expect(issues).toEqual([])
    if (!workflow) return
    const names = new Set(namesInDefinition(JSON.parse(JSON.stringify(compileWorkflow(workflow).definition))))
    expect(names).toContain('Lambda.TooManyRequestsException')
    expect(names).toContain('StepFunctions.ThrottlingException')
    expect([...names].filter((name) => !isKnown(name))).toEqual([])
  })

  it('are found by this search: it reports a planted one', () => {
    expect(
      namesIn("throw new OrchestratorError('PlantedError', 'no')").filter((name) => !isKnown(name)),
    ).toEqual(['PlantedError'])
    expect(
      namesIn("ErrorEquals: ['Planted.Thing', 'Lambda.Planted']").filter((name) => !isKnown(name)),
    ).toEqual(['Lambda.Planted'])
  })

  it('are all used: none stands in the table for nothing', () => {
    const used = new Set(
      sources()
        .filter(({ file }) => !/error-(table|texts)\.ts$/.test(file))
        .flatMap(({ text }) => namesIn(text)),
    )
    expect(Object.keys(ERRORS).filter((name) => !used.has(name))).toEqual([])
  })
})

describe('codes of issues', () => {
  it('are all in their table, and each is used', () => {
    const used = new Set(sources().flatMap(({ text }) => codesIn(text)))
    expect([...used].sort()).toEqual(Object.keys(ISSUE_CODES).sort())
  })

  it('are made by issue() alone, whose codes are typed', () => {
    const literal = /\{\s*code: '[a-z-]+',\s*path\b(?!: \[\])/
    expect(
      sources()
        .filter(({ text }) => literal.test(text))
        .map(({ file }) => file),
    ).toEqual([])
  })
})
