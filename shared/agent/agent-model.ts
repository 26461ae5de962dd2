import type { Json, JsonObject } from '../domain/json.ts'
import type { ModelAnswer, ModelMessage, ModelRequest, ModelTool } from '../ports/models.ts'
import type { GivenSchema, Zod4Schema } from './given-schema.ts'

/** Language models, as an agent calls them; the names are those of `needs.models` and of the stage's configuration. */
export type AgentModel = {
  /** Whether the stage configures this name (`default` by default), and the agent needs it. */
  has(name?: string): boolean
  /**
   * One call: fits the context, takes its share of the model's rate, is reserved from the task's budget, is tried once, and is settled. Throws
   * ConfigError for a name that is not configured, ModelContextError for what does not fit the context, ModelOutputError for a structured answer
   * that does not fit its schema after one repair, ModelFilteredError for one that the provider's filter has withheld, BudgetExceededError, ModelUnavailableError, ModelRefusedError, ModelTimedOutError, and
   * AgentThrottledError, which an agent lets pass: its step waits and is called again, and no attempt is used up.
   */
  generate(request: ModelCall): Promise<ModelReply>
  /**
   * The loop of model and tools, durable over attempts: each turn is stored, and each call of a tool is performed once. Throws what
   * `generate` throws, and LoopDetectedError for a model that repeats itself or does not come to an end.
   */
  runTools(request: ToolLoop): Promise<ModelReply & { turns: number }>
}

type Asked = { prompt: string } | { messages: readonly ModelMessage[] }

/** What every call of a model says. */
type CallOptions = Partial<Pick<ModelRequest, 'model' | 'cacheAfter' | 'onText'>> & {
  /** Asks for a structured answer, which comes as `value`. A schema of zod may refine it; what it parses must be JSON again. */
  answer?: { name: string; schema: GivenSchema }
  system?: string | readonly string[]
  /** The most tokens of the answer; it is doubled once where the answer was cut off. */
  maxOutputTokens: number
}

/** `model` is `default` by default; a prompt is the short form of one user message; the signal is the step's. */
export type ModelCall = CallOptions &
  Asked & {
    /** Tools that the answer may call; `runTools` runs them. */
    tools?: readonly DeclaredTool[]
    /** Whether an answer that was cut off is asked for again with twice the room, as it is by default. */
    grows?: boolean
  }

/** The answer of a model; `text` is its text parts, joined. */
export type ModelReply = Pick<ModelAnswer, 'parts' | 'finish' | 'usage' | 'modelId'> & {
  text: string
  /** The structured answer; absent where none was asked for. */
  value?: Json
}

type DeclaredTool = Omit<ModelTool, 'schema'> & { schema: GivenSchema }

/** A tool that the agent itself runs. What its `run` throws is told to the model as an error, and the loop goes on. */
export type AgentTool = DeclaredTool & {
  /** Called once for each call of the model, over all attempts; the input fits the schema, and is what a schema of zod has parsed. */
  run(input: JsonObject, call: ToolCall): Promise<Json>
  /** For a target that does not know idempotency keys: its result, where an earlier attempt has already acted (as `find` of an `Effect`). */
  find?(idempotencyKey: string): Promise<Json | undefined>
  /** The longest time that a call takes: `find` is asked only after it; 30 s by default. */
  mostSeconds?: number
}

type TypedTool<S extends Zod4Schema> = Omit<AgentTool, 'schema' | 'run'> & {
  schema: S
  run(input: S['_zod']['output'], call: ToolCall): Promise<Json>
}

/** A tool whose `run` knows the type of its input, which its schema of zod has parsed. */
export const defineTool = <S extends Zod4Schema>(tool: TypedTool<S>): AgentTool => tool as AgentTool

/** One call of a tool. */
export type ToolCall = {
  /** The number of the turn in which the model has asked for it, from 1. */
  turn: number
  /** The same for every attempt: pass it to a target that supports such keys. */
  idempotencyKey: string
  signal: AbortSignal
}

/** A loop of model and tools. Its answer, where one is asked for, is that of the last turn. */
export type ToolLoop = CallOptions &
  Asked & {
    tools: readonly AgentTool[]
    /** The most answers of the model: 10 by default, at most 50. */
    maxTurns?: number
    /** Names the loop in an agent that runs several; by default they are numbered in the order in which they begin. */
    key?: string
  }
