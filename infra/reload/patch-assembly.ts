import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AgentManifest } from '../../shared/domain/agent.ts'
import type { Catalogue } from '../catalogue.ts'
import { expectedOf } from '../expected-of.ts'
import {
  AssemblyFiles,
  type Fields,
  isRegistration,
  type Resource,
  type Template,
  type Value,
} from './assembly-files.ts'
import { patchAgents } from './patch-agents.ts'
import { patchWorkflows } from './patch-workflows.ts'

type Patch = {
  catalogue: Catalogue
  /** Folders of the bundles that are new since the assembly, by agent. */
  bundles: ReadonlyMap<string, string>
  /** The file beside the bundle of `register`, and its digest. */
  registered: { text: string; digest: string }
  /** Whether a deployed agent, by its id, has the grants that another one needs. */
  hasSameNeeds: (id: string, manifest: AgentManifest) => boolean
  /** The target of the new assembly. */
  folder: string
}

/** Writes what a synthesis of this catalogue would give, without synthesizing. Throws NotLive for changes that need a synthesis. */
export async function patchAssembly(
  base: string,
  { catalogue, bundles, registered, hasSameNeeds, folder }: Patch,
): Promise<void> {
  const files = await AssemblyFiles.read(base)
  const { runtime } = files
  const register = functionNamed(runtime.Resources, /-register$/)
  const prefix = String(register.Properties.FunctionName).replace(/-register$/, '')
  const keys = new Map([...bundles].map(([id, path]) => [id, `reload:${path}`]))
  for (const [id, path] of bundles) files.addAsset(keys.get(id) ?? '', path)
  const functions = patchAgents(files, {
    prefix,
    agents: catalogue.agents,
    bundles: keys,
    hasSameNeeds,
  })
  const machines = await patchWorkflows(files, prefix, catalogue.workflows)

  const registration = Object.values(runtime.Resources).find(isRegistration) as Resource
  const { Properties } = registration
  if (Properties.catalogue !== registered.digest) {
    const code = register.Properties.Code as Fields
    const bundle = join(folder, 'register')
    await cp(files.pathOf(String(code.S3Key)), bundle, { recursive: true })
    await writeFile(join(bundle, 'catalogue.json'), registered.text)
    const key = `reload:${bundle}:${registered.digest}`
    files.addAsset(key, bundle)
    register.Properties.Code = { ...code, S3Key: key }
  }
  const agents = catalogue.agents.map(({ manifest }) => manifest.id)
  const workflows = catalogue.workflows.map(({ workflow }) => workflow.name)
  const known = Properties as Record<'agentFunctions' | 'stateMachines' | 'revisions', Fields>
  Object.assign(Properties, {
    catalogue: registered.digest,
    agentFunctions: only(agents, known.agentFunctions, functions),
    stateMachines: only(
      workflows,
      known.stateMachines,
      mapped(machines, (id) => ({ Ref: id })),
    ),
    revisions: only(
      workflows,
      known.revisions,
      mapped(machines, (id) => ({ 'Fn::GetAtt': [id, 'StateMachineRevisionId'] })),
    ),
  })
  expectAll(runtime, catalogue)
  await files.write(folder)
}

/** The API is healthy once these are registered. */
function expectAll({ Resources }: Template, catalogue: Catalogue): void {
  const { Variables } = functionNamed(Resources, /-api$/).Properties.Environment as { Variables: Fields }
  Object.assign(Variables, expectedOf(catalogue))
}

function functionNamed(resources: Record<string, Resource>, name: RegExp): Resource {
  const found = Object.values(resources).find(({ Type, Properties }) => {
    return Type === 'AWS::Lambda::Function' && name.test(String(Properties.FunctionName))
  })
  if (found) return found
  throw new Error(`the runtime stack has no function ${name.source}`)
}

function only(names: readonly string[], known: Fields, added: ReadonlyMap<string, Value>): Fields {
  const values = names.map((name) => [name, added.get(name) ?? known[name] ?? null] as const)
  return Object.fromEntries(values)
}

const mapped = (ids: ReadonlyMap<string, string>, of: (id: string) => Value): Map<string, Value> =>
  new Map([...ids].map(([name, id]) => [name, of(id)]))
