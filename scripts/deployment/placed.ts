import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Placement } from '../../infra/place-in-stacks.ts'
import type { SynthesizedStack } from './assembly.ts'
import type { Aws } from './aws.ts'
import { type Deployed, findDeployed } from './deployed-stack.ts'
import { AdoptionError } from './kept-resources.ts'

/** As the CDK makes the ids of nested stacks. */
const NESTED = /^(?:Agents)?(Agents|Workflows)(\d+)NestedStack/

type Mutable = { [kind in keyof Placement]: Record<string, number> }

/** Which stack of a deployed installation holds which agent and which workflow: what is deployed stays where it is. */
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
    // A part goes where its workflow is.
    if (type === 'AWS::StepFunctions::StateMachine' && workflow) workflows[workflow] = at
  }
}

/** Nothing is known to be placed. */
export const UNPLACED: Placement = { agents: {}, workflows: {} }

/**
 * Where it could not be seen what is deployed, what has nested stacks is not deployed: a function or a machine might move from one
 * stack to another, where its name is still taken. Throws AdoptionError.
 */
export function requireSeen({ name, nested }: SynthesizedStack): void {
  const count = Object.keys(nested).length
  if (count === 0) return
  const message =
    `${name} has ${count} nested stack${count === 1 ? '' : 's'}, and these credentials may not see which stack holds what is deployed: what moved to another would be refused. ` +
    'Let them cloudformation:DescribeStacks and cloudformation:ListStackResources, or say it yourself: --context placed=<file>, which has {"agents":{},"workflows":{}} where nothing is deployed yet, and else the number of the nested stack of each name, 0 for none'
  throw new AdoptionError(message)
}

/** For the synthesis: `--context placed=<file>`. */
export function writePlaced(file: string, placed: Placement): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(placed))
}
