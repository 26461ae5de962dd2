import { readFile } from 'node:fs/promises'
import { withPartition } from '../../shared/compiler/fill-in.ts'
import type { CompiledWorkflow } from '../catalogue.ts'
import type { AssemblyFiles, Fields, Resource, Template, Value } from './assembly-files.ts'
import { NotLive } from './not-live.ts'

const MACHINE = 'AWS::StepFunctions::StateMachine'
const VERSION = 'AWS::StepFunctions::StateMachineVersion'

type Machine = { template: Template; logicalId: string; resource: Resource }
type Made = Pick<CompiledWorkflow['compiled'], 'definition' | 'substitutions'>

/**
 * Changes the templates to what a synthesis of these workflows would give: a state machine for each, and for each part a machine
 * and a version. The machine of a removed workflow stays for its running tasks. Returns the logical ids of new machines.
 */
export async function patchWorkflows(
  files: AssemblyFiles,
  prefix: string,
  workflows: readonly CompiledWorkflow[],
): Promise<Map<string, string>> {
  const deployed = machinesIn(files)
  const added = new Map<string, string>()
  for (const { workflow, compiled } of workflows) {
    const name = `${prefix}-${workflow.name}`
    const { template } = deployed.get(name) ?? { template: files.runtime }
    const values = valuesIn(template)
    for (const part of compiled.parts) {
      const machine = await put(files, template, `${name}-${part.name.toLowerCase()}`, part, values, deployed)
      values[part.name] = { Ref: versionOf(machine) }
    }
    const machine = await put(files, template, name, compiled, values, deployed)
    if (!deployed.has(name)) added.set(workflow.name, machine.logicalId)
  }
  return added
}

function machinesIn({ templates }: AssemblyFiles): Map<string, Machine> {
  const found = templates.flatMap((template) =>
    Object.entries(template.Resources)
      .filter(([, { Type }]) => Type === MACHINE)
      .map(([logicalId, resource]) => ({ template, logicalId, resource })),
  )
  return new Map(found.map((machine) => [String(machine.resource.Properties.StateMachineName), machine]))
}

/** The values that this template substitutes for the `${...}` names in definitions. */
function valuesIn({ Resources }: Template): Fields {
  const all = Object.values(Resources)
  const api = all.find(({ Properties }) => 'CONTROL_FUNCTION' in variablesOf(Properties))
  const { REBIND_FUNCTION, CONTROL_FUNCTION, TASKS_TABLE } = variablesOf(api?.Properties)
  const named = {
    RebindFunction: REBIND_FUNCTION,
    ControlFunction: CONTROL_FUNCTION,
    TasksTable: TASKS_TABLE,
  }
  const known = Object.entries(named).filter(([, value]) => value !== undefined)
  const used = all.filter(({ Type }) => Type === MACHINE).map(({ Properties }) => Properties)
  return Object.assign(
    { Partition: { Ref: 'AWS::Partition' } },
    ...used.map(({ DefinitionSubstitutions = {} }) => DefinitionSubstitutions),
    Object.fromEntries(known),
  ) as Fields
}

function variablesOf(properties: Fields | undefined): Fields {
  return ((properties?.Environment as Fields | undefined)?.Variables as Fields | undefined) ?? {}
}

async function put(
  files: AssemblyFiles,
  template: Template,
  name: string,
  made: Made,
  values: Fields,
  deployed: ReadonlyMap<string, Machine>,
): Promise<Machine> {
  const machine = deployed.get(name) ?? addMachine(template, name)
  const { Properties } = machine.resource
  const definition = withPartition(JSON.stringify(made.definition))
  if ((await definitionIn(files, Properties)) !== definition) {
    delete Properties.DefinitionS3Location
    Properties.DefinitionString = definition
  }
  Properties.DefinitionSubstitutions = pick(values, ['Partition', ...made.substitutions], name)
  return machine
}

async function definitionIn(files: AssemblyFiles, properties: Fields): Promise<Value | undefined> {
  const { Key } = (properties.DefinitionS3Location ?? {}) as { Key?: string }
  return Key === undefined ? properties.DefinitionString : readFile(files.pathOf(Key), 'utf8')
}

/** Copies role, logging and tags from another state machine of the template. */
function addMachine(template: Template, name: string): Machine {
  const model = Object.values(template.Resources).find(({ Type }) => Type === MACHINE)
  if (!model) throw new NotLive(`${name}: there is no other workflow whose role it could have`)
  const logicalId = `Live-${name}`
  const resource = structuredClone(model)
  resource.Properties.StateMachineName = name
  template.Resources[logicalId] = resource
  return { template, logicalId, resource }
}

/** The version of a part's machine. */
function versionOf({ template, logicalId }: Machine): string {
  const known = Object.entries(template.Resources).find(([, { Type, Properties }]) => {
    return Type === VERSION && JSON.stringify(Properties.StateMachineRevisionId).includes(`"${logicalId}"`)
  })
  if (known) return known[0]
  const id = `Live-Version-${logicalId}`
  template.Resources[id] = {
    Type: VERSION,
    Properties: {
      StateMachineArn: { Ref: logicalId },
      StateMachineRevisionId: { 'Fn::GetAtt': [logicalId, 'StateMachineRevisionId'] },
    },
  }
  return id
}

function pick(values: Fields, names: readonly string[], machine: string): Fields {
  return Object.fromEntries(
    names.map((name) => {
      const value = values[name]
      if (value === undefined) throw new NotLive(`${machine}: nothing in its stack stands for \${${name}}`)
      return [name, value]
    }),
  )
}
