import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Placement } from '../../infra/place-in-stacks.ts'
import type { Aws } from './aws.ts'
import { type Deployed, findDeployed } from './deployed-stack.ts'

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

/** For the synthesis: `--context placed=<file>`. */
export function writePlaced(file: string, placed: Placement): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(placed))
}
