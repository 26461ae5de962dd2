import { isDeepStrictEqual } from 'node:util'
import { type Assembly, NESTED_STACK, type Stack } from './read-assembly.ts'
import { type Lookup, resolveIntrinsics } from './resolve-intrinsics.ts'

export type Properties = Readonly<Record<string, unknown>>
/** The results of provisioning a resource: its `Ref` and its attributes (`Fn::GetAtt`). */
export type Provisioned = { ref: string; attributes?: Readonly<Record<string, string>> }
export type ResourceFacts = {
  stack: string
  logicalId: string
  type: string
  properties: Properties
  /** The former properties, in an update. */
  before?: Properties
}
/** Creates a resource of one type locally, or updates it to its properties. */
export type Provisioner = (resource: ResourceFacts) => Promise<Provisioned>
/** Stack and logical id -> the resource, with the properties that it was provisioned with. */
export type ProvisionedState = Map<string, ResourceFacts & { provisioned: Provisioned }>
/** By the type of resource. */
export type Provisioners = Readonly<Record<string, Provisioner>>

export type Provisioning = {
  account: string
  region: string
  provisioners: Provisioners
  /** Types that may be left out, because nothing that runs depends on them. */
  ignorable: readonly string[]
}

/**
 * Provisions every resource that is missing in `state` or differs from it, each after those it refers to, and records it there. Returns
 * the types that were left out. Rejects with the first error, once no provisioning is in progress.
 */
export async function provision(
  assembly: Assembly,
  provisioning: Provisioning,
  state: ProvisionedState = new Map(),
): Promise<{ ignored: string[] }> {
  return new Pass(assembly, provisioning, state).run()
}

/** One pass over an assembly: every resource is provisioned once, when the first resource that refers to it needs it. */
class Pass {
  readonly #assembly: Assembly
  readonly #provisioning: Provisioning
  readonly #state: ProvisionedState
  readonly #ignored = new Set<string>()
  readonly #made = new Map<string, Promise<Provisioned>>()
  /** The parameters that nested stacks get from their parents. */
  readonly #parameters = new Map<string, Properties>()

  constructor(assembly: Assembly, provisioning: Provisioning, state: ProvisionedState) {
    this.#assembly = assembly
    this.#provisioning = provisioning
    this.#state = state
  }

  async run(): Promise<{ ignored: string[] }> {
    for (const stack of this.#assembly.stacks) {
      const all = Object.keys(stack.resources).map((logicalId) => this.#make(stack, logicalId))
      const failed = (await Promise.allSettled(all)).find(({ status }) => status === 'rejected')
      if (failed) throw (failed as PromiseRejectedResult).reason
    }
    return { ignored: [...this.#ignored].sort() }
  }

  #make(stack: Stack, logicalId: string): Promise<Provisioned> {
    const key = keyOf(stack, logicalId)
    const known = this.#made.get(key)
    if (known) return known
    const making = this.#makeResource(stack, logicalId)
    this.#made.set(key, making)
    return making
  }

  async #makeResource(stack: Stack, logicalId: string): Promise<Provisioned> {
    const resource = stack.resources[logicalId]
    if (!resource)
      throw new Error(`${stack.name}: something refers to "${logicalId}", which is not in the template`)
    const type = resource.Type.startsWith('Custom::') ? 'AWS::CloudFormation::CustomResource' : resource.Type
    if (this.#provisioning.ignorable.includes(type)) {
      this.#ignored.add(type)
      return { ref: logicalId }
    }
    if (type === NESTED_STACK) return this.#makeNested(stack, logicalId)
    const provisioner = this.#provisioning.provisioners[type]
    if (!provisioner) {
      throw new Error(
        `${stack.name}/${logicalId}: the local cloud does not know ${type}; add a provisioner, or list it as ignorable`,
      )
    }
    await Promise.all(resource.DependsOn.map((other) => this.#make(stack, other)))
    const properties = (await resolveIntrinsics(resource.Properties, this.#lookupIn(stack))) as Properties
    const key = keyOf(stack, logicalId)
    const known = this.#state.get(key)
    if (known && isDeepStrictEqual(known.properties, properties)) return known.provisioned
    const facts = { stack: stack.name, logicalId, type: resource.Type, properties }
    // A half-finished provisioning leaves the resource in an unknown state.
    this.#state.delete(key)
    const provisioned = await provisioner(known ? { ...facts, before: known.properties } : facts)
    this.#state.set(key, { ...facts, provisioned })
    return provisioned
  }

  /** A nested stack's attributes are its outputs. */
  async #makeNested(stack: Stack, logicalId: string): Promise<Provisioned> {
    const nested = stack.nested[logicalId]
    if (!nested) throw new Error(`${stack.name}/${logicalId}: its template is not in the assembly`)
    const { Parameters = {} } = stack.resources[logicalId]?.Properties ?? {}
    const given = await resolveIntrinsics(Parameters, this.#lookupIn(stack))
    this.#parameters.set(nested.name, given as Properties)
    await Promise.all(Object.keys(nested.resources).map((id) => this.#make(nested, id)))
    const outputs = Object.entries(nested.outputs).map(async ([name, { Value }]) => {
      return [`Outputs.${name}`, String(await resolveIntrinsics(Value, this.#lookupIn(nested)))] as const
    })
    return { ref: logicalId, attributes: Object.fromEntries(await Promise.all(outputs)) }
  }

  #lookupIn(stack: Stack): Lookup {
    const { account, region } = this.#provisioning
    const pseudo: Record<string, string | undefined> = {
      'AWS::AccountId': account,
      'AWS::Region': region,
      'AWS::Partition': 'aws',
      'AWS::StackName': stack.name,
      'AWS::StackId': `arn:aws:cloudformation:${region}:${account}:stack/${stack.name}/local`,
      'AWS::URLSuffix': 'amazonaws.com',
    }
    return {
      ref: async (logicalId) => {
        if (logicalId === 'AWS::NoValue') return undefined
        const parameter = this.#parameters.get(stack.name)?.[logicalId]
        return parameter ?? pseudo[logicalId] ?? (await this.#make(stack, logicalId)).ref
      },
      attribute: async (logicalId, name) => {
        const value = (await this.#make(stack, logicalId)).attributes?.[name]
        if (value !== undefined) return value
        throw new Error(
          `${stack.name}/${logicalId} (${stack.resources[logicalId]?.Type}) has no attribute ${name} in the local cloud`,
        )
      },
      imported: (exportName) => this.#importValue(exportName),
    }
  }

  async #importValue(exportName: string): Promise<unknown> {
    for (const stack of this.#assembly.stacks) {
      const output = Object.values(stack.outputs).find(({ Export }) => Export?.Name === exportName)
      if (output) return resolveIntrinsics(output.Value, this.#lookupIn(stack))
    }
    throw new Error(`no stack exports ${exportName}`)
  }
}

export const keyOf = ({ name }: Pick<Stack, 'name'>, logicalId: string): string => `${name}/${logicalId}`
