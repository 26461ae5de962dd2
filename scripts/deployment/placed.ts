import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Placement } from '../../infra/place-in-stacks.ts'
import type { SynthesizedStack } from './assembly.ts'
import type { Aws } from './aws.ts'
import { type Deployed, findDeployed } from './deployed-stack.ts'
import { AdoptionError } from './kept-resources.ts'

/** The logical ids that the CDK gives to nested stacks. */
const NESTED = /^(?:Agents)?(Agents|Workflows)(\d+)NestedStack/

type Mutable = { [kind in keyof Placement]: Record<string, number> }

/** The deployed placement of agents and workflows over stacks; they stay in their stack. */
export async function findPlaced(aws: Aws, prefix: string): Promise<Placement> {
  const placed: Mutable = { agents: {}, workflows: {} }
  const runtime = (await findDeployed(aws, `${prefix}-runtime`)) ?? new Map()
  note(placed, prefix, runtime, 0)
  for (const [id, { type, name }] of runtime) {
    const number = NESTED.exec(id)?.[2]
    if (type !== 'AWS::CloudFormation::Stack' || number === undefined) continue
    note(placed, prefix, (await findDeployed(aws, name)) ?? new Map(), Number(number))
  }
  return placed
}

function note({ agents, workflows }: Mutable, prefix: string, deployed: Deployed, at: number): void {
  const [ofAgent, ofMachine] = [`${prefix}-agent-`, `:stateMachine:${prefix}-`]
  for (const { type, name } of deployed.values()) {
    if (type === 'AWS::Lambda::Function' && name.startsWith(ofAgent))
      agents[name.slice(ofAgent.length).replace(/_\d+$/, '')] = at
    const [, workflow] = name.split(ofMachine)
    // A part is in the stack of its workflow.
    if (type === 'AWS::StepFunctions::StateMachine' && workflow) workflows[workflow] = at
  }
}

/** The placement for a first deployment. */
export const UNPLACED: Placement = { agents: {}, workflows: {} }

/**
 * Without knowledge of what is deployed, an assembly with nested stacks is refused: a function or a machine might move to another
 * stack while its name is still taken. Throws AdoptionError.
 */
export function requireSeen({ name, nested }: SynthesizedStack): void {
  const count = Object.keys(nested).length
  if (count === 0) return
  const message =
    `${name} has ${count} nested stack${count === 1 ? '' : 's'}, and these credentials may not see which stack holds what is deployed: what moved to another would be refused. ` +
    'Let them cloudformation:DescribeStacks and cloudformation:ListStackResources, or say it yourself: --context placed=<file>, which has {"agents":{},"workflows":{}} where nothing is deployed yet, and else the number of the nested stack of each name, 0 for none'
  throw new AdoptionError(message)
}

/** Writes the file for the synthesis: `--context placed=<file>`. */
export function writePlaced(file: string, placed: Placement): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(placed))
}
