import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { getAgent, listAgents, registerAgent, retireAgent } from '../../shared/app/agents/manage-agents.ts'
import { checkHealth, getWorkflow, listWorkflows } from '../../shared/app/catalogue/read-workflows.ts'
import { registerWorkflow } from '../../shared/app/catalogue/register-workflow.ts'
import { createFiles } from '../../shared/app/files/create-files.ts'
import { makePlan } from '../../shared/app/planning/make-plan.ts'
import { approveStep } from '../../shared/app/steps/approve-step.ts'
import { cancelAllTasks } from '../../shared/app/tasks/cancel-all-tasks.ts'
import { cancelTask } from '../../shared/app/tasks/cancel-task.ts'
import { forkTask } from '../../shared/app/tasks/fork-task.ts'
import {
  listTasks,
  showTask,
  showTaskEvents,
  showTaskResult,
  showTaskStatus,
  showTaskStep,
  showTaskSteps,
} from '../../shared/app/tasks/read-tasks.ts'
import { retryTask } from '../../shared/app/tasks/retry-task.ts'
import { submitTask } from '../../shared/app/tasks/submit-task.ts'
import { makeOpenApi } from '../../shared/contracts/openapi.ts'
import { ROUTES, type RouteId } from '../../shared/contracts/routes.ts'
import type { Ports } from '../../shared/ports/index.ts'
import type { AnswerStore } from '../adapters/s3/answer-store.ts'
import { httpHandler } from '../middleware/http-handler.ts'

type Handler = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>

const API_VERSION = '1.0.0'

/** Every route with its use case; a route without one does not compile. */
export function makeHandlers(ports: Ports, answers?: AnswerStore): Record<RouteId, Handler> {
  return {
    submitTask: httpHandler(ROUTES.submitTask, submitTask(ports)),
    listTasks: httpHandler(ROUTES.listTasks, listTasks(ports), answers),
    getTask: httpHandler(ROUTES.getTask, showTask(ports), answers),
    getTaskStatus: httpHandler(ROUTES.getTaskStatus, showTaskStatus(ports), answers),
    getTaskResult: httpHandler(ROUTES.getTaskResult, showTaskResult(ports), answers),
    listTaskSteps: httpHandler(ROUTES.listTaskSteps, showTaskSteps(ports), answers),
    getTaskStep: httpHandler(ROUTES.getTaskStep, showTaskStep(ports), answers),
    listTaskEvents: httpHandler(ROUTES.listTaskEvents, showTaskEvents(ports), answers),
    cancelTask: httpHandler(ROUTES.cancelTask, cancelTask(ports)),
    cancelAllTasks: httpHandler(ROUTES.cancelAllTasks, cancelAllTasks(ports)),
    retryTask: httpHandler(ROUTES.retryTask, retryTask(ports)),
    forkTask: httpHandler(ROUTES.forkTask, forkTask(ports)),
    answerApproval: httpHandler(ROUTES.answerApproval, approveStep(ports)),
    createFiles: httpHandler(ROUTES.createFiles, createFiles(ports)),
    listAgents: httpHandler(ROUTES.listAgents, listAgents(ports), answers),
    getAgent: httpHandler(ROUTES.getAgent, getAgent(ports), answers),
    registerAgent: httpHandler(ROUTES.registerAgent, registerAgent(ports)),
    retireAgent: httpHandler(ROUTES.retireAgent, retireAgent(ports)),
    listWorkflows: httpHandler(ROUTES.listWorkflows, listWorkflows(ports), answers),
    getWorkflow: httpHandler(ROUTES.getWorkflow, getWorkflow(ports), answers),
    putWorkflow: httpHandler(ROUTES.putWorkflow, registerWorkflow(ports)),
    makePlan: httpHandler(ROUTES.makePlan, makePlan(ports)),
    getHealth: httpHandler(ROUTES.getHealth, checkHealth(ports)),
    getOpenApi: httpHandler(ROUTES.getOpenApi, async () => makeOpenApi(Object.values(ROUTES), API_VERSION)),
  }
}
