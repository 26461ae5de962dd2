/**
 * The public API for authors of agents, `orchestrator/agent`: an agent imports this, its own files and libraries, and nothing else of the
 * project. The exports stay compatible; everything else may change at any time.
 */
export { isAllowedHost } from '../domain/allowed-host.ts'
export {
  ERRORS,
  type ErrorName,
  isOrchestratorError,
  OrchestratorError,
} from '../domain/errors.ts'
export { type FileReference, FileReferenceSchema, isFolderReference } from '../domain/file-reference.ts'
export { canonicalJson, isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
export { suggestNames } from '../domain/nearest-names.ts'
export { FORBIDDEN_NAME } from '../domain/not-json.ts'
export { orAborted } from '../domain/or-aborted.ts'
export type { TokenUsage } from '../domain/price-table.ts'
export { isQuotedFrom, LEAST_QUOTE } from '../domain/quotation.ts'
export type { StoredFile } from '../ports/file-store.ts'
export type { ModelAnswer, ModelMessage, ModelPart, ModelTool } from '../ports/models.ts'
export { boundedWork } from '../workflow/bounded-work.ts'
export { evaluateExpression, evaluateForEach, type Names } from '../workflow/expressions.ts'
export type { AgentContext, AgentLog, AgentSettings, Effect, Spent } from './agent-context.ts'
export { FinalError, MOST_RETRY_AFTER_SECONDS, RetryableError } from './agent-errors.ts'
export type { AgentFiles, FileData, ReadFile } from './agent-files.ts'
export type {
  AgentMessages,
  AskOptions,
  HandledMessage,
  MessageContext,
  SendOptions,
} from './agent-messages.ts'
export {
  type AgentModel,
  type AgentTool,
  defineTool,
  type ModelCall,
  type ModelReply,
  type ToolCall,
  type ToolLoop,
} from './agent-model.ts'
export type { AgentState, StateEntry, StateWriteOptions } from './agent-state.ts'
export { type Capabilities, type DefinedAgent, defineAgent } from './define-agent.ts'
export type { GivenSchema } from './given-schema.ts'
export type {
  Callback,
  Resumed,
  ResumedBy,
  SuspendOptions,
  Suspension,
  Until,
} from './suspend.ts'
