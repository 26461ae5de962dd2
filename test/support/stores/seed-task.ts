import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import type { Agent } from '../../../shared/domain/agent.ts'
import type { Json } from '../../../shared/domain/json.ts'
import type { Ports } from '../../../shared/ports/index.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import { CALLER } from './callers.ts'

let count = 0

type Seed = {
  state?: object
  steps: object
  agents: Agent[]
  output?: unknown
  inputSchema?: object
  input?: Json
}

/** Registers a workflow and agents as a deployment does, for all tenants, and submits a task for it; returns the task's id. */
export async function seedTask(ports: Ports, { input = {}, ...seed }: Seed): Promise<string> {
  const name = await seedWorkflow(ports, seed)
  const { taskId } = await submitTask(ports)({ workflow: name, input, metadata: {} }, CALLER)
  return taskId
}

export async function seedWorkflow(
  ports: Ports,
  { state, steps, agents, output, inputSchema }: Omit<Seed, 'input'>,
): Promise<string> {
  const name = `w${++count}`
  const given = {
    name,
    steps,
    ...(state ? { state } : {}),
    ...(output === undefined ? {} : { output }),
    ...(inputSchema ? { input: inputSchema } : {}),
  }
  // Some steps fail on purpose, by values of the wrong type.
  const { workflow, issues } = validateWorkflow(given, { lenient: true })
  if (!workflow) throw new Error(JSON.stringify(issues))
  for (const agent of agents) await ports.agents.putAgent(agent)
  const registered = {
    workflow,
    stateMachineArn: `arn:aws:states:us-east-1:1:stateMachine:${name}`,
    gates: [],
    registeredAt: '',
    active: true,
    origin: 'deployment' as const,
  }
  await ports.workflows.putWorkflow(registered)
  return name
}
