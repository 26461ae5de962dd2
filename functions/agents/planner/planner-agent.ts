import { type AgentContext, type DefinedAgent, defineAgent } from 'orchestrator/agent'
import type * as z from 'zod'
import type { GoalPorts } from '../../../shared/app/goals/goal-asked.ts'
import { type PlanningModel, planGoal } from '../../../shared/app/goals/plan-goal.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { fileReferencesIn } from '../../../shared/domain/file-reference.ts'
import { DEFAULT_REVIEW_ABOVE_USD } from '../../../shared/domain/goal.ts'
import type { JsonObject } from '../../../shared/domain/json.ts'
import type { ModelSettings } from '../../../shared/domain/model-settings.ts'
import { priceOfSettings } from '../../../shared/estimator/model-prices.ts'
import { PLANNING_CAPS } from '../../../shared/planner/planning-caps.ts'
import { onceModels } from './once-models.ts'
import { readBeginnings } from './read-beginnings.ts'
import { PlanInputSchema, PlanOutputSchema } from './schemas.ts'

/** What the planner uses beyond what every agent has. */
export type PlannerDeps = GoalPorts & {
  /** The settings of a configured model by its name. */
  settingsOf(model: string): Pick<ModelSettings, 'id' | 'price' | 'contextTokens'> | undefined
}

const MODEL = 'default'
/** Reading the catalogue, and estimating, come on top of the time for the model. */
const MARGIN_SECONDS = 30

/** The agent that turns goals into workflows. `deps` is called with each call of the agent. */
export function plannerAgent(deps: () => PlannerDeps): DefinedAgent {
  return defineAgent({
    id: 'planner',
    version: '1.0.0',
    description:
      'Turns a goal in words into a workflow: by a language model where the stage configures one, else by the registered workflow that is clearly meant.',
    capabilities: {
      'plan.workflow': {
        description:
          'A workflow for a goal, checked, bound and estimated, with what was taken for granted; or why there is none.',
        input: PlanInputSchema,
        output: PlanOutputSchema,
      },
    },
    typicalSeconds: 8,
    limits: { timeoutSeconds: PLANNING_CAPS.seconds + MARGIN_SECONDS, memoryMb: 1024 },
    needs: { models: [MODEL] },
    async execute({ input: asked }, context) {
      const { goal, input, files, budgetUsd, review = false, onRefusal, failed } = asked
      const { reviewAboveUsd = DEFAULT_REVIEW_ABOVE_USD } = asked
      const ports = deps()
      const plan = await planGoal(ports)(
        {
          text: goal,
          input: withFiles(input, files),
          documents: await readBeginnings(context, files ?? []),
          budgetUsd,
          review,
          reviewAboveUsd,
          failed,
        },
        context.task.id,
        context.signal,
        context.model.has(MODEL) ? modelOf(ports, context) : undefined,
      )
      if (plan.kind === 'refused' && onRefusal === 'fail')
        throw new OrchestratorError('PlanRefusedError', plan.reason)
      return plan as z.input<typeof PlanOutputSchema>
    },
  })
}

/** The input with the files that it does not name itself. */
function withFiles(input: JsonObject = {}, files: readonly { $file: string }[] = []): JsonObject {
  const named = new Set(fileReferencesIn(input, '').map(({ reference }) => JSON.stringify(reference)))
  const others = files.filter(({ $file }) => !named.has(JSON.stringify({ $file })))
  return { ...input, ...(others.length > 0 ? { files: others } : {}) }
}

function modelOf(ports: PlannerDeps, context: AgentContext): PlanningModel {
  const settings = ports.settingsOf(MODEL)
  const price = settings && priceOfSettings(settings, ports.prices)
  return {
    models: onceModels(context),
    name: MODEL,
    price,
    contextTokens: settings?.contextTokens ?? Number.POSITIVE_INFINITY,
  }
}
