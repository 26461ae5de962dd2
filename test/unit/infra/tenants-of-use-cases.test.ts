/**
 * Who reads the registry sees it as one tenant does (within/W1): each entry point's use case that gets the whole registry takes the ports of its
 * tenant first (`withinTenant`), or stands here with the reason why it does not.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')

/** Use cases on the whole registry. */
const WHOLE: Readonly<Record<string, string>> = {
  'shared/app/catalogue/register-deployment.ts': 'a deployment brings what is common to all tenants',
  'shared/app/probes/probe-agents.ts': 'it asks the agents elsewhere of all tenants whether they are well',
  'shared/app/deletion/erase-tenants.ts': 'it removes what a tenant has registered, found by its name',
  'shared/app/catalogue/remove-deployment.ts': 'with the stacks all tenants lose their machines',
}

/** Ports of which a tenant has a view, as a type names them. */
const SEEN = /'(?:agents|workflows|statistics|breakers)'/

type Module = { path: string; text: string }

const read = (pattern: string): Module[] =>
  globSync(pattern, { cwd: ROOT }).map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))

const TYPE =
  /^(?:export )?type (\w+)(?:<.*>)? =([\s\S]*?)(?=\n(?:export |type |const |async |function |\/\*\*|\n))/gm

/** The names of types of a module that have a port of the registry, given those that it may import. */
function typesIn({ text }: Module, known: ReadonlySet<string>): string[] {
  const own = new Set<string>()
  for (let before = -1; before !== own.size; ) {
    before = own.size
    for (const [, name = '', body = ''] of text.matchAll(TYPE)) {
      const imported = importedTypes(text).filter((one) => known.has(one))
      const names = [...own, ...imported]
      if (SEEN.test(body) || names.some((one) => new RegExp(`\\b${one}\\b`).test(body))) own.add(name)
    }
  }
  return [...own]
}

const importedTypes = (text: string): string[] =>
  [...text.matchAll(/^import (?:type )?\{([^}]*)\} from '\.[^']+'/gm)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.trim().replace(/^type /, '')),
  )

const app = read('shared/{app,host}/**/*.ts')
const exported = new Set<string>()
for (let before = -1; before !== exported.size; ) {
  before = exported.size
  for (const module of app)
    for (const name of typesIn(module, exported))
      if (new RegExp(`^export type ${name}\\b`, 'm').test(module.text)) exported.add(name)
}

/** Whether a module's functions may be given a port of the registry. */
function needsRegistry(module: Module): boolean {
  const types = [
    ...typesIn(module, exported),
    ...importedTypes(module.text).filter((one) => exported.has(one)),
  ]
  const code = module.text.replace(TYPE, '').replace(/^import [\s\S]*?from '[^']+'$/gm, '')
  return SEEN.test(code) || types.some((one) => new RegExp(`[:<>&|(] *${one}\\b`).test(code))
}

/** The modules of use cases that entry points of functions call. */
function calledUseCases(): Set<string> {
  const entries = read('functions/{api,steps,events,deployment,agents}/**/*.ts')
  const called = entries.flatMap(({ path, text }) =>
    [...text.matchAll(/^import (?!type )[^;]*?from '(\.[^']+)'/gms)].map(([, to = '']) =>
      relative(ROOT, join(ROOT, dirname(path), to)),
    ),
  )
  return new Set(called.filter((path) => /^shared\/(?:app|host)\//.test(path)))
}

const useCases = app.filter(({ path }) => calledUseCases().has(path))
const onRegistry = useCases.filter(needsRegistry)

describe('use cases of entry points that are given the registry', () => {
  const paths = onRegistry.map(({ path }) => path)

  it('are found, by whatever name a type of theirs has', () => {
    expect(paths).toEqual(
      expect.arrayContaining([
        'shared/app/agents/manage-agents.ts',
        'shared/app/tasks/submit-task.ts',
        'shared/app/control/control-step.ts',
        'shared/app/steps/rebind-step.ts',
        'shared/app/goals/plan-goal.ts',
        'shared/host/run-step.ts',
        'shared/host/converse/converse-agent.ts',
      ]),
    )
    // A use case that narrows its ports to a tenant was given those of the registry.
    const scoping = useCases.filter(({ text }) => text.includes('withinTenant(')).map(({ path }) => path)
    expect(scoping.filter((path) => !paths.includes(path))).toEqual([])
  })

  it('take the ports of their tenant, or are listed with the reason (within/W1)', () => {
    const free = onRegistry.filter(({ text }) => !text.includes('withinTenant(')).map(({ path }) => path)
    expect(free.toSorted()).toEqual(Object.keys(WHOLE).sort())
  })
})

describe('the detection', () => {
  it.each<[string, string]>([
    ['named in place', "export const use = (ports: Pick<Ports, 'agents' | 'clock'>) => async () => {}"],
    [
      'by a type',
      "type Needs = Pick<Ports, 'workflows'>\n\nexport const use = (ports: Needs) => async () => {}",
    ],
    [
      'by a type of another module',
      "import type { PlanningNeeds } from '../agents/agent-knowledge.ts'\n\nexport const use = (ports: PlanningNeeds & Other) => 1",
    ],
    [
      'within a type',
      "import type { PlanningNeeds } from '../a.ts'\n\ntype Needs = Other &\n  PlanningNeeds\n\nexport const use = (ports: Needs) => 1",
    ],
  ])('finds a port %s', (_what, text) => expect(needsRegistry({ path: 'x.ts', text })).toBe(true))

  it('finds none where there is none', () => {
    const text = "type Needs = Pick<Ports, 'tasks'>\n\nexport const use = (ports: Needs) => async () => {}"
    expect(needsRegistry({ path: 'x.ts', text })).toBe(false)
  })
})
