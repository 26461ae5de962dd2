import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Context } from 'aws-lambda'
import * as z from 'zod'
import { registerDeployment } from '../../shared/app/catalogue/register-deployment.ts'
import { removeDeployment } from '../../shared/app/catalogue/remove-deployment.ts'
import { AgentManifestSchema } from '../../shared/domain/agent.ts'
import { boundedList, boundedText } from '../../shared/domain/bounded.ts'
import { ElsewhereSchema } from '../../shared/domain/elsewhere/place.ts'
import { ownOf } from '../../shared/domain/own.ts'
import { GateSchema } from '../../shared/domain/plan.ts'
import { WorkflowSchema } from '../../shared/workflow/schema.ts'
import { invokeLater } from '../deps/invocations.ts'
import { clock, logger } from '../deps/platform.ts'
import { agents, collectables, workflows } from '../deps/registry-ports.ts'
import { patientMachines } from '../deps/state-machines.ts'
import { taskPorts } from '../deps/task-ports.ts'
import { type Asked, answerCloudFormation } from './answer-cloudformation.ts'

const ElsewhereAgentsSchema = z.array(z.object({ manifest: AgentManifestSchema, elsewhere: ElsewhereSchema }))
/** The properties that are known only at deployment; everything else is in a file beside the bundle. */
const PropertiesSchema = z.object({
  agentFunctions: z.record(z.string(), z.string()),
  stateMachines: z.record(z.string(), z.string()),
  // Only in a stage that names agents elsewhere.
  elsewhereFunction: z.string().default(''),
  elsewhere: z
    .string()
    .default('[]')
    .transform((text) => ElsewhereAgentsSchema.parse(JSON.parse(text))),
})
const CatalogueSchema = z.object({
  agents: z.array(AgentManifestSchema),
  workflows: z.array(
    z.object({
      workflow: WorkflowSchema,
      gates: z.array(GateSchema),
      suspending: z.array(z.string()).optional(),
      parts: z.number(),
    }),
  ),
})

/** Longer than workers cache their lists, and than secondary indexes lag. */
const HEARD_MILLISECONDS = 3_000
const untilHeard = (): Promise<void> => delay(HEARD_MILLISECONDS)

/** Time reserved at the end of an invocation: for waiting, and for continuing or answering. */
const KEPT_MILLISECONDS = 60_000
/** The part of it that is needed to start the next invocation. */
const KEPT_FOR_GOING_ON = 15_000
let until = 0
const patience = { wait: delay, leftMilliseconds: () => until - Date.now() }
const ports = {
  ...taskPorts(),
  agents: agents(),
  workflows: workflows(),
  collectables: collectables(),
  machines: patientMachines(patience),
  clock,
  untilHeard,
}

/** CloudFormation's custom resource: writes this deployment's agents and workflows into the registry. */
export async function handler(event: Asked, context: Context): Promise<void> {
  until = Date.now() + context.getRemainingTimeInMillis() - KEPT_MILLISECONDS
  const outcome = await answerCloudFormation(event, {
    now: Date.now,
    run: () => (event.RequestType === 'Delete' ? removeDeployment(ports)() : register(event)),
    wait: (milliseconds) =>
      delay(Math.max(0, Math.min(milliseconds, context.getRemainingTimeInMillis() - KEPT_FOR_GOING_ON))),
    goOn: (later) => invokeLater(context.functionName, later),
  })
  logger().info(`deployment ${event.RequestType === 'Delete' ? 'removed' : 'registered'}`, { outcome })
}

/** CloudFormation takes an answer of 4 KB. */
const MOST_VERSIONS_CHARACTERS = 1_500

async function register(event: Asked): Promise<Record<string, unknown>> {
  const { agentFunctions, stateMachines, elsewhereFunction, elsewhere } = PropertiesSchema.parse(
    event.ResourceProperties,
  )
  const catalogue = CatalogueSchema.parse(
    JSON.parse(await readFile(new URL('catalogue.json', import.meta.url), 'utf8')),
  )
  const { retired, versions, ...counts } = await registerDeployment(ports)({
    agents: [
      ...catalogue.agents.map((manifest) => ({
        manifest,
        functionArn: found(agentFunctions, manifest.id),
      })),
      ...elsewhere.map((one) => ({ ...one, functionArn: elsewhereFunction })),
    ],
    workflows: catalogue.workflows.map(({ workflow, gates, suspending, parts }) => ({
      workflow,
      gates,
      ...(suspending ? { suspending } : {}),
      parts,
      stateMachineArn: found(stateMachines, workflow.name),
    })),
  })
  logger().info('registry written', {
    ...counts,
    retired: retired.slice(0, 50),
    versions: versions.slice(0, 50),
  })
  return { ...counts, versions: toldAt(clock.now(), versions) }
}

/** With its time: an output of the stack stays as it is when a later deployment registers nothing. */
function toldAt(now: Date, versions: readonly string[]): string {
  const { kept, more } = boundedList(versions, MOST_VERSIONS_TOLD)
  const told = [...kept, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
  const text = told === '' ? 'no new versions' : told
  return `${now.toISOString()} ${boundedText(text, MOST_VERSIONS_CHARACTERS)}`
}

const MOST_VERSIONS_TOLD = 30

function found(arns: Record<string, string>, name: string): string {
  const arn = ownOf(arns, name)
  if (arn) return arn
  throw new Error(
    `the deployment names no ARN for "${name}"; it has ${Object.keys(arns).slice(0, 20).join(', ')}`,
  )
}
