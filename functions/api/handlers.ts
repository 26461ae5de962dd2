import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { ElsewhereHost } from '../../shared/app/agents/hosting-of-agent.ts'
import {
  getAgent,
  listAgents,
  registerAgent,
  resetAgent,
  retireAgent,
} from '../../shared/app/agents/manage-agents.ts'
import { listAnchors } from '../../shared/app/audit/list-anchors.ts'
import { listAudit } from '../../shared/app/audit/list-audit.ts'
import { makeSnapshot, putState, restoreState } from '../../shared/app/board/change-state.ts'
import { listStateHistory, showState, showStateKey } from '../../shared/app/board/view-state.ts'
import { listModels } from '../../shared/app/catalogue/list-models.ts'
import { getWorkflow, listWorkflows } from '../../shared/app/catalogue/read-workflows.ts'
import { checkHealth, type Expected, onceRegistered } from '../../shared/app/catalogue/readiness.ts'
import { registerWorkflow } from '../../shared/app/catalogue/register-workflow.ts'
import { deleteTask } from '../../shared/app/deletion/delete-task.ts'
import { deleteTenant, getTenant } from '../../shared/app/deletion/delete-tenant.ts'
import { createFiles } from '../../shared/app/files/create-files.ts'
import { listUploads } from '../../shared/app/files/list-uploads.ts'
import { getTaskFile, listTaskFiles } from '../../shared/app/files/task-files.ts'
import { createKey, listKeys, revokeKey, rotateKey } from '../../shared/app/keys/manage-keys.ts'
import { createLink, listLinks, revokeLink } from '../../shared/app/links/manage-links.ts'
import { listMessages } from '../../shared/app/messages/list-messages.ts'
import { postMessage } from '../../shared/app/messages/post-message.ts'
import { previewPlan } from '../../shared/app/planning/preview-plan.ts'
import { approveStep } from '../../shared/app/tasks/approve-step.ts'
import { cancelAllTasks } from '../../shared/app/tasks/cancel-all-tasks.ts'
import { cancelTask } from '../../shared/app/tasks/cancel-task.ts'
import { forkTask } from '../../shared/app/tasks/fork-task.ts'
import { rateStep } from '../../shared/app/tasks/rate-step.ts'
import { retryTask } from '../../shared/app/tasks/retry-task.ts'
import { submitTask } from '../../shared/app/tasks/submit-task.ts'
import { refuseCallersOfDeleted } from '../../shared/app/tenants/refuse-deleted.ts'
import { getUsage } from '../../shared/app/views/get-usage.ts'
import { listApprovals } from '../../shared/app/views/list-approvals.ts'
import { listTaskEvents } from '../../shared/app/views/list-events.ts'
import { listTaskLogs } from '../../shared/app/views/list-task-logs.ts'
import { listTasks } from '../../shared/app/views/list-tasks.ts'
import { showStepInput, showTaskInput, showTaskWorkflow } from '../../shared/app/views/read-inputs.ts'
import {
  listTaskSteps,
  showTask,
  showTaskResult,
  showTaskStatus,
  showTaskStep,
} from '../../shared/app/views/read-tasks.ts'
import { listTranscript } from '../../shared/app/views/read-transcript.ts'
import { makeLinks } from '../../shared/contracts/make-links.ts'
import { makeOpenApi } from '../../shared/contracts/openapi.ts'
import type { Route } from '../../shared/contracts/route.ts'
import { ROUTES, type RouteId } from '../../shared/contracts/routes.ts'
import type { Caller } from '../../shared/domain/caller.ts'
import type { ModelSettings } from '../../shared/domain/model-settings.ts'
import type { Ports } from '../../shared/ports/index.ts'
import type { Logs } from '../../shared/ports/logs.ts'
import type { PortsOf } from '../deps/ports-of.ts'
import { audited } from '../middleware/audited.ts'
import { callerOfRequest } from '../middleware/caller-of-request.ts'
import { type Door, httpHandler } from '../middleware/http-handler.ts'

type Handler = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>

const API_VERSION = '1.0.0'

type ApiPorts = PortsOf<'api'> &
  Pick<Ports, 'ids' | 'prices'> & {
    expected?: Expected | undefined
    /** Only in a stage with agents elsewhere. */
    elsewhereHost?: ElsewhereHost | undefined
    /** The models of the stage. */
    stageModels?: Readonly<Record<string, ModelSettings>>
    /** Whether a door of this installation takes keys. */
    takesKeys?: boolean
    /** Whether this installation has a door that asks for nothing at the addresses of links. */
    opensLinks?: boolean
  }
/** A door without logs finds none. */
type ApiDoor = Door & { logs?: Logs; onUntold?: Parameters<typeof audited>[2]['onUntold'] }

const NO_LOGS: Logs = { listLines: async () => ({ lines: [], more: false, unreadable: [] }) }

/** Every route with its use case; a missing one is a type error. */
export function makeHandlers(
  ports: ApiPorts,
  { logs = NO_LOGS, onUntold, ...door }: ApiDoor = {},
): Record<RouteId, Handler> {
  const { callerOf = callerOfRequest } = door
  const handle: typeof httpHandler = (route, useCase) =>
    audited(route, httpHandler(route, guarded(route, useCase), door), { ...ports, callerOf, onUntold })
  const refuse = refuseCallersOfDeleted(ports)
  const guarded: typeof unlessDeleted = (route, useCase) => unlessDeleted(route, useCase, refuse)
  const registered = onceRegistered(ports)
  const ofKeys = { ...ports, takesKeys: ports.takesKeys ?? false }
  return {
    submitTask: handle(ROUTES.submitTask, registered(submitTask(ports))),
    listTasks: handle(ROUTES.listTasks, listTasks(ports)),
    getTask: handle(ROUTES.getTask, showTask(ports)),
    getTaskStatus: handle(ROUTES.getTaskStatus, showTaskStatus(ports)),
    getTaskResult: handle(ROUTES.getTaskResult, showTaskResult(ports)),
    getTaskInput: handle(ROUTES.getTaskInput, showTaskInput(ports)),
    getTaskWorkflow: handle(ROUTES.getTaskWorkflow, showTaskWorkflow(ports)),
    listTaskSteps: handle(ROUTES.listTaskSteps, listTaskSteps(ports)),
    getTaskStep: handle(ROUTES.getTaskStep, showTaskStep(ports)),
    getTaskStepInput: handle(ROUTES.getTaskStepInput, showStepInput(ports)),
    listTaskStepTranscript: handle(ROUTES.listTaskStepTranscript, listTranscript(ports)),
    listTaskEvents: handle(ROUTES.listTaskEvents, listTaskEvents(ports)),
    listTaskLogs: handle(ROUTES.listTaskLogs, listTaskLogs({ ...ports, logs })),
    cancelTask: handle(ROUTES.cancelTask, cancelTask(ports)),
    cancelAllTasks: handle(ROUTES.cancelAllTasks, cancelAllTasks(ports)),
    retryTask: handle(ROUTES.retryTask, registered(retryTask(ports))),
    forkTask: handle(ROUTES.forkTask, registered(forkTask(ports))),
    listApprovals: handle(ROUTES.listApprovals, listApprovals(ports)),
    answerApproval: handle(ROUTES.answerApproval, approveStep(ports)),
    createLink: handle(ROUTES.createLink, createLink({ ...ports, opensLinks: ports.opensLinks ?? false })),
    listLinks: handle(ROUTES.listLinks, listLinks(ports)),
    revokeLink: handle(ROUTES.revokeLink, revokeLink(ports)),
    postMessage: handle(ROUTES.postMessage, postMessage(ports)),
    listMessages: handle(ROUTES.listMessages, listMessages(ports)),
    getTaskState: handle(ROUTES.getTaskState, showState(ports)),
    getTaskStateKey: handle(ROUTES.getTaskStateKey, showStateKey(ports)),
    listTaskStateHistory: handle(ROUTES.listTaskStateHistory, listStateHistory(ports)),
    putTaskStateKey: handle(ROUTES.putTaskStateKey, putState(ports)),
    makeStateSnapshot: handle(ROUTES.makeStateSnapshot, makeSnapshot(ports)),
    restoreTaskState: handle(ROUTES.restoreTaskState, restoreState(ports)),
    rateStep: handle(ROUTES.rateStep, rateStep(ports)),
    listTaskFiles: handle(ROUTES.listTaskFiles, listTaskFiles(ports)),
    getTaskFile: handle(ROUTES.getTaskFile, getTaskFile(ports)),
    createFiles: handle(ROUTES.createFiles, createFiles(ports)),
    listUploads: handle(ROUTES.listUploads, listUploads(ports)),
    listAgents: handle(ROUTES.listAgents, listAgents(ports)),
    getAgent: handle(ROUTES.getAgent, getAgent(ports)),
    registerAgent: handle(ROUTES.registerAgent, registerAgent(ports)),
    retireAgent: handle(ROUTES.retireAgent, retireAgent(ports)),
    resetAgent: handle(ROUTES.resetAgent, resetAgent(ports)),
    createKey: handle(ROUTES.createKey, createKey(ofKeys)),
    listKeys: handle(ROUTES.listKeys, listKeys(ports)),
    revokeKey: handle(ROUTES.revokeKey, revokeKey(ports)),
    rotateKey: handle(ROUTES.rotateKey, rotateKey(ofKeys)),
    deleteTask: handle(ROUTES.deleteTask, deleteTask(ports)),
    getTenant: handle(ROUTES.getTenant, getTenant(ports)),
    deleteTenant: handle(ROUTES.deleteTenant, deleteTenant(ports)),
    listModels: handle(ROUTES.listModels, listModels(ports)),
    listWorkflows: handle(ROUTES.listWorkflows, listWorkflows(ports)),
    getWorkflow: handle(ROUTES.getWorkflow, getWorkflow(ports)),
    putWorkflow: handle(ROUTES.putWorkflow, registered(registerWorkflow(ports))),
    makePlan: handle(ROUTES.makePlan, registered(previewPlan(ports))),
    getUsage: handle(ROUTES.getUsage, getUsage(ports)),
    listAudit: handle(ROUTES.listAudit, listAudit(ports)),
    listAnchors: handle(ROUTES.listAnchors, listAnchors(ports)),
    getLinks: handle(ROUTES.getLinks, async () => makeLinks(Object.values(ROUTES), API_VERSION)),
    getHealth: handle(ROUTES.getHealth, checkHealth(ports)),
    getOpenApi: handle(ROUTES.getOpenApi, async () => makeOpenApi(Object.values(ROUTES), API_VERSION)),
  }
}

/** What callers of a tenant that is being deleted may still ask: how far that is. */
const ALSO_WHILE_DELETED: readonly string[] = [ROUTES.getTenant.id, ROUTES.deleteTenant.id]

type UseCase<Input, Output> = (input: Input, caller: Caller) => Promise<Output>

/** The use case, for callers whose tenant is not being deleted (tenant-deletion/E3). */
function unlessDeleted<Input, Output>(
  { id, scope }: Route,
  useCase: UseCase<Input, Output>,
  refuse: (caller: Caller) => Promise<void> = async () => {},
): UseCase<Input, Output> {
  if (scope === 'any' || ALSO_WHILE_DELETED.includes(id)) return useCase
  return async (input, caller) => {
    await refuse(caller)
    return useCase(input, caller)
  }
}
