import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from '@swc/core'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { AGENT_PORTS, MODEL_PORTS, SUSPEND_PORTS } from '../../../functions/agent-ports.ts'
import { AGENTS_WITH_PORTS } from '../../../functions/agents-with-ports.ts'
import { FUNCTIONS } from '../../../functions/catalogue.ts'
import { PORTS, type PortModes, type PortName } from '../../../functions/ports.ts'
import { grantsOfPorts } from '../../../infra/constructs/port-grants.ts'
import { mergeGrants } from '../../../infra/merge-grants.ts'
import type { Grant, PortGrants, StageSetting } from '../../../shared/contracts/grants.ts'

const ROOT = join(import.meta.dirname, '../../..')

/** The adapter of each port, from the package's root: its grants stand beside it. */
const ADAPTERS = await adaptersByPort()

async function adaptersByPort(): Promise<Partial<Record<PortName, string>>> {
  const files = globSync('functions/adapters/**/*.grants.ts', { cwd: ROOT })
  const found = files.map(async (file) => {
    const exported = Object.values((await import(join(ROOT, file))) as object)
    const names = (Object.keys(PORTS) as PortName[]).filter((port) => exported.includes(PORTS[port]))
    return names.map((port) => [port, file.replace('.grants.ts', '.ts')])
  })
  return Object.fromEntries((await Promise.all(found)).flat())
}

/** Methods that a function's code mentions but never calls, each with its reason. */
const NEVER_CALLED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  control: {
    ...Object.fromEntries(
      ['queue.first', 'queue.remove', 'limits.takeSlot', 'limits.freeSlot', 'executions.start'].map(
        (call) => [call, 'its tasks are children, which are not queued: the state of the parent starts them'],
      ),
    ),
    ...Object.fromEntries(
      ['quotas.quotasOf', 'quotas.countTask', 'quotas.keepTask', 'quotas.giveBackTask'].map((call) => [
        call,
        'its tasks are children, which do not count (tasks-of-day/D2)',
      ]),
    ),
  },
}

/** What adapters of models themselves call. */
const CALLED_BY_ADAPTERS = ['modelUsage.addUse', 'secrets.readSecret']

/** Methods that are called through another name, or inside a method that has several grants. */
const CALLED_OTHERWISE: Readonly<Record<string, readonly string[]>> = {
  api: ['answers.keep'],
  erase: ['machines.removeBusy'],
  register: ['invocations.invokeLater', 'machines.removeBusy'],
  'agents with models': CALLED_BY_ADAPTERS,
  planner: CALLED_BY_ADAPTERS,
  converse: CALLED_BY_ADAPTERS,
}

type Bundled = { ports: string[]; calls: Set<string> }

/** The ports whose adapters are in a function's bundle, and the methods that the code outside of adapters calls. */
async function bundled(imports: readonly string[]): Promise<Bundled> {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: imports.map((entry) => `export * from ${JSON.stringify(join(ROOT, entry))}`).join('\n'),
      resolveDir: ROOT,
    },
    absWorkingDir: ROOT,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
  const [output] = Object.values(metafile.outputs)
  const inside = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  const paths = new Set(inside.map(([path]) => path))
  const ports = (Object.keys(PORTS) as PortName[]).filter((port) => paths.has(ADAPTERS[port] ?? ''))
  return { ports, calls: callsIn(coreOf(outputFiles[0]?.text ?? '')) }
}

/** The modules that are not adapters. esbuild writes the path of each module in a comment above it. */
function coreOf(text: string): string {
  const parts = text.split(/^\/\/ ((?:functions|shared)\/\S+\.ts)$/m)
  const modules = parts
    .slice(1)
    .flatMap((path, at) => (at % 2 === 0 ? [{ path, text: parts[at + 2] ?? '' }] : []))
  return modules
    .flatMap(({ path, text }) => (/^functions\/(adapters|deps)\//.test(path) ? [] : [text]))
    .join('\n')
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** Every `port.method` that the code mentions. Variables are named after their ports; esbuild may append a number. */
function callsIn(code: string): Set<string> {
  const found = new Set<string>()
  const note = (object: unknown, member: unknown): void => {
    const port = nameOf(object)?.replace(/\d+$/, '')
    const method = nameOf(member)
    if (port === undefined || method === undefined || !Object.hasOwn(PORTS, port)) return
    if (Object.hasOwn(PORTS[port as PortName].methods, method)) found.add(`${port}.${method}`)
  }
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const inner of node) walk(inner)
      return
    }
    if (!isObject(node)) return
    if (node.type === 'MemberExpression') note(node.object, node.property)
    if (node.type === 'VariableDeclarator') for (const key of keysOf(node.id)) note(node.init, key)
    for (const [key, inner] of Object.entries(node)) if (key !== 'span') walk(inner)
  }
  walk(parseSync(code, { syntax: 'ecmascript', target: 'es2022' }).body)
  return found
}

/** The keys of a destructuring pattern `{a, b}`. */
const keysOf = (pattern: unknown): unknown[] =>
  isObject(pattern) && Array.isArray(pattern.properties) ? pattern.properties.map(({ key }) => key) : []

/** The last name of an expression: `tasks` for `tasks`, `ports.tasks` and `this.ports.tasks`. */
function nameOf(node: unknown): string | undefined {
  if (!isObject(node)) return undefined
  if (node.type === 'MemberExpression') return nameOf(node.property)
  if (node.type === 'OptionalChainingExpression') return nameOf(node.base)
  return typeof node.value === 'string' ? node.value : undefined
}

const AGENT_HANDLER = 'functions/steps/agent-handler.ts'

/** What the entry point of an agent that needs models of every provider imports besides (infra/agent-entry.ts). */
const WITH_MODELS = ['functions/deps/models/models.ts', 'functions/deps/models/openai-compatible.ts']

/** What that of an agent that suspends imports besides. */
const WITH_SUSPENSIONS = 'functions/deps/suspending/suspend-ports.ts'

const WITHOUT_MODELS = ['notify']

const functions: [string, string[], PortModes][] = [
  ...Object.entries(FUNCTIONS).map(
    ([name, { entry, ports }]) => [name, [`${entry}.ts`], ports] satisfies [string, string[], PortModes],
  ),
  ['agents', [AGENT_HANDLER], AGENT_PORTS],
  ['agents with models', [AGENT_HANDLER, ...WITH_MODELS], { ...AGENT_PORTS, ...MODEL_PORTS }],
  ['agents that suspend', [AGENT_HANDLER, WITH_SUSPENSIONS], { ...AGENT_PORTS, ...SUSPEND_PORTS }],
  ...Object.entries(AGENTS_WITH_PORTS).map(([name, { entry, ports }]): [string, string[], PortModes] =>
    WITHOUT_MODELS.includes(name)
      ? [name, [AGENT_HANDLER, `${entry}.ts`], { ...AGENT_PORTS, ...ports }]
      : [name, [AGENT_HANDLER, ...WITH_MODELS, `${entry}.ts`], { ...AGENT_PORTS, ...MODEL_PORTS, ...ports }],
  ),
]

/** A line for each action and key: in a stage without settings, and with each of them. */
const merged = (grants: readonly Grant[]): string[][] =>
  SETTINGS.map((settings) => mergeGrants(grants, new Set(settings)).flatMap(linesOf))

const SETTINGS: readonly (readonly StageSetting[])[] = [[], ['tenantConcurrency'], ['taskRetentionDays']]

function linesOf({ actions, on }: Grant): string[] {
  const { keys = [''], ...place } = on.kind === 'table' ? on : { ...on, keys: undefined }
  return actions.flatMap((action) => keys.map((key) => `${action} ${JSON.stringify(place)} ${key}`))
}

function methodsIn(modes: PortModes): Set<string> {
  const all = (Object.keys(modes) as PortName[]).flatMap((port) => {
    const { modes: known }: PortGrants = PORTS[port]
    return (modes[port] ?? []).flatMap((name) => {
      const mode = known[name] ?? []
      return ('methods' in mode ? mode.methods : mode).map((method) => `${port}.${method}`)
    })
  })
  return new Set(all)
}

describe.each(functions)('the ports of %s', (name, imports, ports) => {
  const never = NEVER_CALLED[name] ?? {}

  it('are those whose adapters are in its bundle, and no others', async () => {
    expect((await bundled(imports)).ports.sort()).toEqual(Object.keys(ports).sort())
  })

  it('allow every method that its code calls', async () => {
    const { calls } = await bundled(imports)
    const allowed = methodsIn(ports)
    const missing = [...calls].filter((call) => !allowed.has(call) && !call.endsWith('.arnOf'))
    expect(missing.sort()).toEqual(Object.keys(never).sort())
  })

  it('grant nothing beyond the methods that it calls', async () => {
    const { calls } = await bundled(imports)
    const called = [...calls, ...(CALLED_OTHERWISE[name] ?? [])].filter((call) => !(call in never))
    const needed = called.flatMap((call) => {
      const [port, method = ''] = call.split('.') as [PortName, string]
      const { methods }: PortGrants = PORTS[port]
      return methods[method] ?? []
    })
    // A mode may grant less than its methods need in general: only in a stage with a setting.
    const given = merged(grantsOfPorts(ports))
    const most = merged(needed)
    // What is needed of some keys is not more than what is needed of all.
    const ofAllKeys = (one: string): string => one.slice(0, one.lastIndexOf(' ') + 1)
    const isNeeded = (one: string, at: number): boolean =>
      most[at]?.some((need) => need === one || need === ofAllKeys(one)) === true
    const beyond = given.map((all, at) => all.filter((one) => !isNeeded(one, at)))
    expect(beyond).toEqual(given.map(() => []))
  })
})

describe('every port', () => {
  it('has its grants beside an adapter', () => {
    expect(Object.keys(ADAPTERS).sort()).toEqual(Object.keys(PORTS).sort())
    for (const adapter of Object.values(ADAPTERS)) expect(existsSync(join(ROOT, adapter)), adapter).toBe(true)
  })
})
