import { Tracer } from '@aws-lambda-powertools/tracer'
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import type { DefinedAgent } from '../../shared/agent/index.ts'
import type { Receipt } from '../../shared/domain/step.ts'
import {
  breakers,
  budgets,
  bus,
  clock,
  type Deps,
  executions,
  files,
  ids,
  ledger,
  limits,
  logger,
  prices,
  statistics,
  tasks,
} from '../deps.ts'
import { loadPlan } from './host/load-plan.ts'
import { ownStep } from './host/own-step.ts'
import { runAgent } from './host/run-agent.ts'
import type { StepOutcome } from './host/step-run.ts'
import { watchTask } from './host/watch-task.ts'

type Needs = Pick<
  Deps,
  | 'tasks'
  | 'files'
  | 'bus'
  | 'executions'
  | 'statistics'
  | 'breakers'
  | 'limits'
  | 'budgets'
  | 'ledger'
  | 'prices'
  | 'clock'
  | 'ids'
  | 'logger'
>

/** The Lambda handler of an agent: the host, read from top to bottom. */
export function agentHandler(agent: DefinedAgent, deps: Needs = hostPorts()) {
  const { manifest } = agent
  return middy<unknown, StepOutcome | Receipt, Error, Context>()
    .use(captureLambdaHandler(new Tracer()))
    .use(loadPlan(deps))
    .use(ownStep({ ...deps, manifest }))
    .use(watchTask({ ...deps, timeoutSeconds: manifest.limits.timeoutSeconds }))
    .handler(runAgent(agent, deps))
}

function hostPorts(): Needs {
  return {
    tasks: tasks(),
    files: files(),
    bus: bus(),
    prices: prices(),
    executions: executions(),
    statistics: statistics(),
    breakers: breakers(),
    limits: limits(),
    budgets: budgets(),
    ledger: ledger(),
    clock,
    ids: ids(),
    logger: logger(),
  }
}
