/** Tests of agents and workflows in memory and in virtual time, with the same code that runs in the cloud. */

export type { AgentRun, AgentTest } from './agent-test.ts'
export type { GivenApprovals, ScriptedApproval } from './approvals.ts'
export type { GivenAgents } from './cast.ts'
export type { GivenWorkflow } from './given-workflow.ts'
export type { GivenFiles } from './memory/files.ts'
export type { WrittenFile } from './noting-agent.ts'
export type { Act, Answer, Failure, Script, ScriptedCall } from './scripted-agent.ts'
export type { GivenModels, ModelScript, ScriptedAnswer, SeenModelCall } from './scripted-models.ts'
export { testAgent } from './test-agent.ts'
export { testWorkflow } from './test-workflow.ts'
export type { AgentCall, FailedAttempt, StepRun, WorkflowRun } from './workflow-run.ts'
export type { WorkflowTest } from './workflow-test.ts'
