import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listAgents } from '../../shared/app/agents/manage-agents.ts'
import { registerWorkflow } from '../../shared/app/catalogue/register-workflow.ts'
import { previewPlan } from '../../shared/app/planning/preview-plan.ts'
import { submitTask } from '../../shared/app/tasks/submit-task.ts'
import { showTask, showTaskStep } from '../../shared/app/views/read-tasks.ts'
import { issuesOfCompiling } from '../../shared/compiler/index.ts'
import { parsePath, pathIn } from '../../shared/domain/instance-path.ts'
import { isFinalStepStatus, type StepStatus } from '../../shared/domain/step.ts'
import { StepIdSchema } from '../../shared/workflow/schema.ts'
import { validateWorkflow } from '../../shared/workflow/validate-workflow.ts'
import { makeAgent } from '../support/agents/make-agent.ts'
import { validWorkflow } from '../support/cloud/compiled-workflow.ts'
import { type Ran, runInWorld } from '../support/cloud/workflow-world.ts'
import { INHERITED } from '../support/random/hostile-names.ts'
import { behaviours, workflows } from '../support/random/random-workflows.ts'
import { CALLER } from '../support/stores/callers.ts'
import { startStores } from '../support/stores/start-stores.ts'

/** Names of inherited members that are valid step ids: constructor, toString, valueOf, ... */
const IDS = INHERITED.filter((name) => StepIdSchema.safeParse(name).success)

/** The workflow with its first steps, and the first steps of its loops, renamed to members that every object inherits. */
function renamed(workflow: object): { workflow: object; before: (id: string) => string } {
  const text = JSON.stringify(workflow)
  const ids = [...new Set(text.match(/\ba\d(x\d)*\b/g))].slice(0, IDS.length)
  const names = new Map(ids.map((id, at) => [id, IDS[at] as string]))
  const back = new Map([...names].map(([id, name]) => [name, id]))
  const told = text.replaceAll(/\ba\d(x\d)*\b/g, (id) => names.get(id) ?? id)
  return { workflow: JSON.parse(told) as object, before: (id) => back.get(id) ?? id }
}

/** How each step ended and how often it was tried, by original name. */
function outcomeOf({ task, steps }: Ran, before: (id: string) => string) {
  const was = (path: string): string => {
    const scopes = path.split('.').map((part) => {
      const { stepId } = parsePath(part)
      return before(stepId) + part.slice(stepId.length)
    })
    return scopes.reduce(pathIn, '')
  }
  const ended = [...steps].map(
    ([path, { status, attempts }]) => [was(path), status, attempts.length] as const,
  )
  return { status: task.status, steps: ended.toSorted(([a], [b]) => (a < b ? -1 : 1)) }
}

type Outcome = ReturnType<typeof outcomeOf>
const isCut = (status: StepStatus): boolean => status === 'cancelled' || !isFinalStepStatus(status)

/**
 * The two outcomes without the steps that were cut off, or not begun, in one of two failed tasks: of a failure and the
 * end of another step at the same instant, the engine takes either first.
 */
function alignedEnds(one: Outcome, two: Outcome): [Outcome, Outcome] {
  const ended = ({ steps }: Outcome) => new Set(steps.filter(([, of]) => !isCut(of)).map(([path]) => path))
  const inOne = ended(one)
  const inBoth = new Set([...ended(two)].filter((path) => inOne.has(path)))
  const aligned = ({ status, steps }: Outcome): Outcome => ({
    status,
    steps: status === 'failed' ? steps.filter(([path]) => inBoth.has(path)) : steps,
  })
  return [aligned(one), aligned(two)]
}

it('a workflow runs the same with any names of steps and loops', async () => {
  // Durations and answers are derived from requests, which contain the names; so they are constant here.
  const behaviour = behaviours.map((one) => ({
    ...one,
    runOf: () => ({ milliseconds: 50, output: { h: 'x', n: 0.7 } }),
    approvalOf: () => ({ milliseconds: 10, decision: 'approve' }),
    loses: () => false,
  }))
  await fc.assert(
    fc.asyncProperty(workflows, behaviour, async (workflow, behaves) => {
      // Skips workflows with a step that can never run.
      fc.pre(validateWorkflow(workflow).workflow !== undefined)
      const other = renamed(workflow)
      const input = { list: ['p', 'q'] }
      const plain = await runInWorld(validWorkflow(workflow), input, behaves)
      const named = await runInWorld(validWorkflow(other.workflow), input, behaves, { anonymous: false })
      const [one, two] = alignedEnds(
        outcomeOf(named, other.before),
        outcomeOf(plain, (id) => id),
      )
      expect(one).toEqual(two)
    }),
    { numRuns: 8, endOnFailure: true },
  )
}, 120_000)

describe('user-chosen names may equal those of members that every object inherits', () => {
  let stores: Awaited<ReturnType<typeof startStores>>
  beforeAll(async () => {
    stores = await startStores()
  })
  afterAll(() => stores.stop())

  const name = fc.constantFrom(...IDS)
  const member = fc.constantFrom(...INHERITED.filter((one) => one !== '__proto__'))

  it('validated, published, planned, submitted and shown: what is valid can be registered, and a missing member is missing', async () => {
    const { ports } = stores
    const agent = makeAgent({ id: 'constructor', capability: 'constructor', tags: ['constructor'] })
    await ports.agents.putAgent(agent)
    expect(
      (await listAgents(ports)({ capability: 'constructor' }, CALLER)).agents.map(({ id }) => id),
    ).toContain('constructor')
    let version = 0
    await fc.assert(
      fc.asyncProperty(
        name,
        name,
        member,
        fc.dictionary(member, fc.string()),
        async (id, loop, property, metadata) => {
          fc.pre(id !== loop)
          const schema = {
            type: 'object',
            properties: { season: { type: 'integer' }, [property]: { type: 'string' } },
          }
          const definition = {
            name: 'constructor',
            version: ++version,
            input: schema,
            steps: {
              [id]: {
                capability: 'constructor',
                prefer: { tags: ['constructor'] },
                input: { [property]: 1 },
              },
              [loop]: {
                repeat: {
                  steps: { draft: { agent: 'constructor' } },
                  until: `{% $steps.${id} %}`,
                  maxIterations: 2,
                },
              },
            },
          }
          const { workflow, issues } = validateWorkflow(definition)
          expect(issues).toEqual([])
          expect(workflow && issuesOfCompiling(workflow)).toEqual([])
          await registerWorkflow(ports)({ name: 'constructor', workflow: definition }, CALLER)
          const { bindings } = await previewPlan(ports)(
            {
              workflow: 'constructor',
              input: { season: 2026 },
            },
            CALLER,
          )
          expect(Object.keys(bindings).toSorted()).toEqual([id, `${loop}.draft`].toSorted())
          for (const wanted of [{ workflow: 'constructor' }, { workflow: definition }]) {
            const { taskId } = await submitTask(ports)(
              {
                ...wanted,
                input: { season: 2026 },
                metadata,
              },
              CALLER,
            )
            expect((await ports.plans.getPlan(taskId)).input).toEqual({ season: 2026 })
            const shown = await showTask(ports)({ id: taskId }, CALLER)
            expect(shown.metadata).toEqual({ ...metadata })
            expect(shown.steps.map(({ stepId }) => stepId).toSorted()).toEqual([id, loop].toSorted())
            const absent = IDS.find((one) => one !== id && one !== loop) ?? ''
            await expect(showTaskStep(ports)({ id: taskId, stepId: absent }, CALLER)).rejects.toThrow(
              'has no step',
            )
          }
          const wrong = submitTask(ports)(
            {
              workflow: 'constructor',
              input: { [property]: 7 },
              metadata,
            },
            CALLER,
          )
          await expect(wrong).rejects.toThrow(`input.${property}`)
        },
      ),
      { numRuns: 10, endOnFailure: true },
    )
  })

  it('except __proto__, which is refused with its place', () => {
    const steps = JSON.parse(
      '{"a":{"capability":"echo","input":{"rows":[{"__proto__":{"admin":true}}]}}}',
    ) as object
    expect(validateWorkflow({ name: 'w', steps }).issues).toEqual([
      {
        code: 'not-json',
        path: 'steps.a.input.rows[0].__proto__',
        message: 'the workflow.steps.a.input.rows[0].__proto__ is a name that no member may have',
      },
    ])
    expect(
      validateWorkflow('name: w\nsteps: {a: {capability: echo, input: {n: .nan}}}').issues,
    ).toMatchObject([{ code: 'bad-syntax', line: 2, column: 42 }])
  })
})
