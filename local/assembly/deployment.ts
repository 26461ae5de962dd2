/**
 * The deployed resources and their updates. As in CloudFormation, each resource whose properties have changed is provisioned again,
 * after those that it refers to; a resource that is in no template any more is removed at the end.
 *
 * Invariants (tests cite them):
 * update/U1 a resource with unchanged properties is left alone
 * update/U2 an update that fails is rolled back: the former resources are in service again
 * update/U3 a change that the running local cloud cannot make is refused before anything has changed
 */
import { isDeepStrictEqual } from 'node:util'
import {
  keyOf,
  type ProvisionedState,
  type Provisioning,
  provision,
  type ResourceFacts,
} from './provision.ts'
import type { Assembly, Resource, Stack } from './read-assembly.ts'

/** Types of resources that may be added, changed and removed while tasks run. */
const ADDED = [
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::Logs::LogGroup',
  'AWS::SQS::Queue',
  'AWS::SQS::QueuePolicy',
  'AWS::StepFunctions::StateMachine',
  'AWS::StepFunctions::StateMachineVersion',
]
const CHANGED = [
  'AWS::CloudFormation::Stack',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::SQS::Queue',
  'AWS::SQS::QueuePolicy',
  'AWS::StepFunctions::StateMachine',
  'AWS::StepFunctions::StateMachineVersion',
]

/** An update needs changes that the running local cloud cannot make. */
export class RestartNeeded extends Error {
  override readonly name = 'RestartNeeded'
}

type Removers = Readonly<Record<string, (resource: ResourceFacts, ref: string) => void>>

export class Deployment {
  readonly #provisioning: Provisioning
  readonly #removers: Removers
  readonly #state: ProvisionedState = new Map()
  #assembly: Assembly = { stacks: [], assets: new Map() }

  constructor(provisioning: Provisioning, removers: Removers) {
    this.#provisioning = provisioning
    this.#removers = removers
  }

  /** Provisions all resources of an assembly. Returns the types that were left out. */
  async create(assembly: Assembly): Promise<{ ignored: string[] }> {
    const answer = await provision(assembly, this.#provisioning, this.#state)
    this.#assembly = assembly
    return answer
  }

  /** Rejects with RestartNeeded (update/U3), or with the error of a resource (update/U2). */
  async update(assembly: Assembly): Promise<void> {
    const before = this.#assembly
    const fixed = whatIsFixed(before, assembly, this.#provisioning.ignorable)
    if (fixed.length > 0) throw new RestartNeeded(fixed.join(', '))
    try {
      await provision(assembly, this.#provisioning, this.#state)
      this.#assembly = assembly
    } catch (error) {
      await provision(before, this.#provisioning, this.#state)
      throw error
    } finally {
      this.#removeOthers()
    }
  }

  /** Removes resources that are in no template of the assembly in service. */
  #removeOthers(): void {
    const kept = new Set(resourcesIn(this.#assembly).map(({ key }) => key))
    for (const [key, { provisioned, ...facts }] of this.#state) {
      if (kept.has(key)) continue
      this.#state.delete(key)
      this.#removers[facts.type]?.(facts, provisioned.ref)
    }
  }
}

/** Resources that an update would add, change or remove, but not while the local cloud runs. */
function whatIsFixed(before: Assembly, after: Assembly, ignorable: readonly string[]): string[] {
  const [known, wanted] = [before, after].map((assembly) => {
    return new Map(resourcesIn(assembly).map(({ key, resource }) => [key, resource]))
  }) as [Map<string, Resource>, Map<string, Resource>]
  const isFixed = (types: readonly string[], { Type }: Resource): boolean =>
    !types.includes(Type) && !ignorable.includes(Type) && !Type.startsWith('Custom::')
  const keys = [...new Set([...known.keys(), ...wanted.keys()])]
  return keys.flatMap((key) => {
    const [was, is] = [known.get(key), wanted.get(key)]
    const resource = is ?? was
    if (!resource || isDeepStrictEqual(was?.Properties, is?.Properties)) return []
    return isFixed(was && is ? CHANGED : ADDED, resource) ? [`${key} (${resource.Type})`] : []
  })
}

function resourcesIn({ stacks }: Pick<Assembly, 'stacks'>): { key: string; resource: Resource }[] {
  return stacks.flatMap((stack: Stack) => [
    ...Object.entries(stack.resources).map(([id, resource]) => ({ key: keyOf(stack, id), resource })),
    ...resourcesIn({ stacks: Object.values(stack.nested) }),
  ])
}
