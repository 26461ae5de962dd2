/**
 * What there is to say of every error name that a client of the API, a step record or a state machine may see. `npm run docs` generates
 * docs/errors.md from it; `test/unit/domain/error-names.test.ts` finds every name that is thrown or compiled anywhere and compares it with these tables.
 */
import type { ERRORS } from './error-table.ts'

type Text = {
  /** Where the error appears: in the response to a request, or in the record of a task and its steps. */
  seen: 'request' | 'task' | 'both'
  when: string
  whatToDo: string
}

export const ERROR_TEXTS = {
  InvalidInputError: {
    seen: 'both',
    when: 'A request, an input of a step or a value of an expression does not have the shape that it must have.',
    whatToDo:
      'Read the issues: each says where, which value, and what would be right. Correct it and send it again, or `npx orchestrator retry --step-input` for a step.',
  },
  BudgetExceededError: {
    seen: 'task',
    when: 'The next call does not fit what is left of the budget of the task in money or tokens.',
    whatToDo:
      '`npx orchestrator retry <taskId> --budget <total>`: what has succeeded is kept and is not paid again.',
  },
  DeadlineExceededError: {
    seen: 'task',
    when: 'The deadline of the task has passed before its end. The task ends as `timed_out`.',
    whatToDo: '`npx orchestrator retry <taskId> --deadline 10m`: what has succeeded is kept.',
  },
  UnauthorizedError: {
    seen: 'request',
    when: 'Nobody is known behind the token or the key of a request: it has expired, is revoked, is signed by another, or is for somebody else.',
    whatToDo:
      'Read the reason. `npx orchestrator login` gets a new token, `npx orchestrator keys rotate` the successor of a key.',
  },
  ForbiddenError: {
    seen: 'request',
    when: 'The caller is known, and lacks the scope that the route needs, or is not among those who may decide an approval.',
    whatToDo:
      'Use credentials with that scope, or ask an administrator for it: the message says which one is needed and which the caller holds.',
  },
  NotFoundError: {
    seen: 'both',
    when: 'There is no task, step, agent, workflow or file of that name.',
    whatToDo:
      'Check the name. The message suggests the nearest one where there is one; `npx orchestrator list`, `workflows` and `agents` show what there is.',
  },
  MethodNotAllowedError: {
    seen: 'request',
    when: 'The path of a request exists, and does not take its method.',
    whatToDo: 'Use one of the methods that the header `Allow` of the answer lists.',
  },
  ConflictError: {
    seen: 'request',
    when: 'The request does not fit the present state: an idempotency key that was used for something else, a task that has ended already, an approval that is answered, a version that exists.',
    whatToDo: 'Read the present state (`npx orchestrator status <taskId>`) and decide anew.',
  },
  ContentTooLargeError: {
    seen: 'both',
    when: 'A request, a value or an item is larger than can be taken or stored.',
    whatToDo:
      'Put large data in files (`POST /files`, `npx orchestrator submit --file`) and name them in the input.',
  },
  UnsupportedMediaTypeError: {
    seen: 'request',
    when: 'The body of a request is not declared as JSON.',
    whatToDo: 'Send `content-type: application/json`.',
  },
  InvalidWorkflowError: {
    seen: 'both',
    when: 'A workflow can be read and cannot be run: a circle of steps, a name that is unknown, a definition that is too large.',
    whatToDo: '`npx orchestrator validate <file>` shows every issue with its place.',
  },
  PlanningFailedError: {
    seen: 'both',
    when: 'No plan has come of a goal: the drafts of the model kept issues, or a cap of calls, tokens, money or time was reached.',
    whatToDo:
      'The last draft and its issues are in the details. Say the goal more closely or in parts, or write the workflow yourself from the draft.',
  },
  PlanRefusedError: {
    seen: 'task',
    when: 'The planner refuses a goal: no capability that is registered reaches it, or a value is missing without which nothing can be planned. Nothing of it was run.',
    whatToDo:
      'Read the reason. Say what is missing in the goal or in its input, or register an agent that can do it (`orchestrator agents` shows who offers what).',
  },
  NoAgentError: {
    seen: 'both',
    when: 'No registered agent may do a step: none offers the capability, or each that does is excluded.',
    whatToDo:
      '`npx orchestrator agents` shows who offers what, `npx orchestrator explain <taskId> <stepId>` why each was not eligible.',
  },
  TooManyRequestsError: {
    seen: 'request',
    when: 'More requests than the stage takes (`requestsPerSecond`, `burstRequests`), or than the tenant may send in a minute (`requestsPerMinute`).',
    whatToDo:
      'Send it again after as many seconds as `Retry-After` says, or with backoff. The headers `RateLimit` and `RateLimit-Policy` say what is left. Raise the limit in the stage if it is the rule.',
  },
  QuotaExceededError: {
    seen: 'request',
    when: 'The tenant has as much as its quota allows (`tenants` in the stage): tasks of a day, registered agents or workflows, live keys.',
    whatToDo:
      '`npx orchestrator usage` shows each quota and when it begins anew. Remove what is not used, or have the quota raised in the stage.',
  },
  ConfigError: {
    seen: 'both',
    when: 'The installation or the declaration of an agent is wrong: a missing variable, an unknown model, an agent without a most that it can cost.',
    whatToDo: 'The message names the field. Correct the declaration or the stage and deploy.',
  },
  BugError: {
    seen: 'both',
    when: 'The orchestrator has met a state of its own that must not be.',
    whatToDo: 'Report it with the request id or the task id and the log of the function.',
  },
  AgentFailedError: {
    seen: 'task',
    when: 'An agent has thrown an error of its own. It is called again where `retry` of the step says so; then the next best agent is, then the step fails.',
    whatToDo:
      'Read the message and the log of the agent. Mend the agent, then `npx orchestrator retry <taskId>`.',
  },
  AgentFinalError: {
    seen: 'task',
    when: 'An agent says (`FinalError`) that the same call would fail again. It is not called again, whatever `retry` says; the next best agent is.',
    whatToDo: 'Read the message: what it names must change before `npx orchestrator retry <taskId>`.',
  },
  AgentOutputError: {
    seen: 'task',
    when: 'An agent has answered what its own output schema, or JSON, does not allow.',
    whatToDo: 'Mend the agent or its schema: the message names the place in the output.',
  },
  AgentBusyError: {
    seen: 'task',
    when: 'An agent is at its limit of calls, rate or tokens. The step waits, or goes to another agent, for at most four hours.',
    whatToDo: 'Raise the limit of the agent, or submit less at once.',
  },
  AgentThrottledError: {
    seen: 'task',
    when: 'A language model that an agent calls is throttled, by its provider or by its `tokensPerMinute` in the stage. The step waits as with a busy agent, and no attempt is used up.',
    whatToDo:
      'Nothing, as long as it passes. Ask the provider for a higher quota, raise `tokensPerMinute` of the model, or submit less at once.',
  },
  AgentContinuesError: {
    seen: 'task',
    when: 'The time of an attempt is nearly over while its model still calls tools. The step goes on in another attempt from the turns that are stored; no attempt is used up.',
    whatToDo: 'Nothing. Raise `timeoutSeconds` of the step where it happens often.',
  },
  ModelContextError: {
    seen: 'task',
    when: 'What is sent to a language model and `maxOutputTokens` do not fit its context together.',
    whatToDo:
      'Send less (a file in parts, a summary), ask for less, or configure a model with a larger context. The message has the figures.',
  },
  ModelLimitError: {
    seen: 'task',
    when: 'With its next call of a language model an agent could spend more than its `price.mostUsd` or `price.mostTokens` says.',
    whatToDo: 'Raise what it declares, or have it ask for less: smaller `maxOutputTokens`, fewer turns.',
  },
  EvaluationFailedError: {
    seen: 'task',
    when: 'The output of an attempt, or of a workflow, has a lower score than `evaluate.atLeast`. The message has the checks that it failed. The step is done again where its `retry` has `on: [error]`, then by the next agent.',
    whatToDo:
      '`npx orchestrator explain <taskId> <stepId>` shows the checks of each attempt. Give the agent what the checks ask for, choose a lower `atLeast`, or say `onFailure`.',
  },
  JudgementPendingError: {
    seen: 'task',
    when: 'An output waits for its judge (`evaluate.judge`): the call of its agent ends by this name, which is no failure, and the judge is called next.',
    whatToDo: 'Nothing: the step goes on by itself.',
  },
  ModelOutputError: {
    seen: 'task',
    when: 'A language model has not answered what the schema of a structured answer allows, also when it was told what is wrong.',
    whatToDo:
      'Simplify the schema, describe its fields, raise `maxOutputTokens`, or take another model or another `structured` setting.',
  },
  ModelFilteredError: {
    seen: 'task',
    when: "The filter of a language model's provider has withheld a structured answer, or its guardrail has: the question or the answer holds what it does not let through. A text answer is returned with `finish: 'filtered'` instead.",
    whatToDo:
      'Change what is asked, or leave out the part of the input that the filter refuses; take another model, or change the guardrail. An agent that can do without the answer catches it by its name.',
  },
  LoopDetectedError: {
    seen: 'task',
    when: 'A language model repeats itself: the same call of a tool four times, three empty answers, or no end within its turns.',
    whatToDo:
      'Say in its prompt when it is to stop, give it a tool that brings it further, raise `maxTurns`, or take another model.',
  },
  CapabilityNotAllowedError: {
    seen: 'task',
    when: "The expression for a step's capability has come to a value that its list `oneOf` does not state. Nothing was called.",
    whatToDo:
      'Correct the expression, or what it reads, or state the capability in `oneOf`. `onFailure` of the step goes on without it.',
  },
  AgentUnavailableError: {
    seen: 'task',
    when: 'The circuit breaker of an agent is open: it has failed again and again, and rests.',
    whatToDo:
      '`npx orchestrator agents <id>` shows its breaker. It gets one call on trial by itself; mend what fails.',
  },
  AgentRetryableError: {
    seen: 'task',
    when: 'An agent says (`RetryableError`) that the same call may succeed later, or what it has thrown is transient by nature: a connection that failed, a status of 408, 425, 429 or 5xx. It is called again, as `retry` of the step says.',
    whatToDo:
      'Nothing, as long as it passes. `retry` of the step says how often the agent is called; the message says what failed.',
  },
  ModelThrottledError: {
    seen: 'task',
    when: 'The provider of a language model takes no more calls for now: too many requests or tokens a minute, or it is overloaded. The step waits, and is called again; a `fallback` of the model is asked where the wait is longer than its `fallbackAfterSeconds`.',
    whatToDo:
      "Submit less at once, raise the provider's quota, or say `tokensPerMinute` of the model in the stage, so that steps wait before the provider refuses them.",
  },
  ModelUnavailableError: {
    seen: 'task',
    when: 'A language model has not answered: its server cannot be reached or has failed, or the connection broke in the middle of an answer, whose tokens are counted as an estimate then.',
    whatToDo:
      'The message names the model and its address. Start the server or correct the settings of the model; a `fallback` in the stage takes over meanwhile.',
  },
  ModelRefusedError: {
    seen: 'task',
    when: 'The provider of a language model refuses a call that it would refuse again: an unknown id, no access, a wrong key, a request that the model does not take.',
    whatToDo: 'The message says why and which setting of the stage to correct. Correct it and deploy.',
  },
  ModelTimedOutError: {
    seen: 'task',
    when: 'A language model was silent for too long, before its answer or in the middle of it.',
    whatToDo: 'Ask for a shorter answer (`maxOutputTokens`), or take a faster model.',
  },
  TaskCancelledError: {
    seen: 'task',
    when: 'The task was cancelled while the step ran.',
    whatToDo: '`npx orchestrator retry <taskId>` goes on with it; what had succeeded is kept.',
  },
  StepFailedError: {
    seen: 'task',
    when: 'The state machine ends with this name when a step has failed for good. The failure itself is in the message and in the record of the step.',
    whatToDo: '`npx orchestrator explain <taskId> <stepId>` shows each attempt.',
  },
  StepTimedOutError: {
    seen: 'task',
    when: "One attempt, or a child workflow, took longer than `timeoutSeconds` of the step. The same agent is called again only where `retry.on` names `timeout`. Three limits apply, the smallest first: `timeoutSeconds` of the step (else `limits.timeoutSeconds` of the agent, at most 300), which ends the attempt by `context.signal`; the timeout of the agent's function, `limits.timeoutSeconds` + 5 s; that of the state, `timeoutSeconds` of the step + 15 s.",
    whatToDo:
      'Raise `timeoutSeconds` (at most 840 for an agent), give the agent less to do, or say `retry: {on: [error, timeout]}`.',
  },
  StateConflictError: {
    seen: 'both',
    when: 'A value for the shared state was made from another version than the newest, and the policy of its key (`conflict`) cannot combine the two; the message has the version, and the members that both have changed.',
    whatToDo:
      'Read the key again before you set it, or use `update`, which works on the newest value; or declare a policy for the key in the workflow.',
  },
  StepSupersededError: {
    seen: 'task',
    when: 'A later attempt has taken the step over, and the output of this one is refused.',
    whatToDo: 'Nothing: the later attempt goes on.',
  },
  StartingError: {
    seen: 'request',
    when: 'Agents and workflows of a deployment are still being registered, and the request needs one that is not there yet.',
    whatToDo:
      'Send it again after the seconds of `Retry-After`. `GET /health` answers 200 from the moment on at which all are there.',
  },
  UnavailableError: {
    seen: 'both',
    when: 'A service that the orchestrator uses is throttled or does not answer.',
    whatToDo: 'Send it again later. Steps and reconciler ask again by themselves.',
  },
  LoopExhaustedError: {
    seen: 'task',
    when: '`until` of a `repeat` was still not true after `maxIterations` rounds.',
    whatToDo: 'Raise `maxIterations`, loosen `until`, or say `onFailure` to go on without it.',
  },
  ChildCancelledError: {
    seen: 'task',
    when: 'The child workflow of a step was cancelled.',
    whatToDo: 'Retry the task: the child is begun again. Or say `onFailure` on the step.',
  },
  ApprovalTimedOutError: {
    seen: 'task',
    when: 'No person has answered an approval within its `timeoutSeconds`, and it has no `onTimeout`.',
    whatToDo: 'Retry the task to ask again, or say `onTimeout: <choice>` in the approval.',
  },
  MessageTimedOutError: {
    seen: 'task',
    when: 'No message that a step waits for has come within its `timeoutSeconds`, and its `onTimeout` does not say `continue`.',
    whatToDo:
      'See what has come (`orchestrator messages`), and retry the task to wait again; or say `onTimeout: continue` in the wait.',
  },
} as const satisfies Readonly<Record<keyof typeof ERRORS, Text>>

type Foreign = Text & {
  /** Whether the same request may succeed later without any change. */
  retryable: boolean
}

/** Error names of AWS and of libraries that reach clients unchanged; `*` stands for all other errors of a service. */
export const FOREIGN_ERRORS = {
  HttpError: {
    retryable: false,
    seen: 'request',
    when: 'The request was refused before a route saw it: unreadable JSON (400), an unknown path (404), and the like.',
    whatToDo: 'Correct the request; the message says what was met.',
  },
  'Lambda.Unknown': {
    retryable: true,
    seen: 'task',
    when: 'The function of an agent has ended without an answer.',
    whatToDo: 'Its log has the last words. Often too little memory: raise `limits.memoryMb` of the agent.',
  },
  'Runtime.ExitError': {
    retryable: true,
    seen: 'task',
    when: 'The process of an agent has ended by itself: a crash, or `process.exit`.',
    whatToDo: 'Look into the log of the agent.',
  },
  'Runtime.OutOfMemory': {
    retryable: true,
    seen: 'task',
    when: 'An agent has taken more memory than its function has.',
    whatToDo: 'Raise `limits.memoryMb` of the agent, or give it less at once.',
  },
  'Runtime.UnhandledPromiseRejection': {
    retryable: false,
    seen: 'task',
    when: 'A promise of an agent was rejected, and nothing waited for it: the process ends.',
    whatToDo: 'Await the promise, or catch what it rejects with; the attempt has the stack.',
  },
  'Sandbox.Timedout': {
    retryable: false,
    seen: 'task',
    when: 'The function of an agent ran into the timeout of Lambda.',
    whatToDo:
      'Raise `limits.timeoutSeconds` of the agent; let it heed `context.signal`. An endless or long loop without `await` blocks the event loop: neither the signal nor `StepTimedOutError` can come, and only this timeout, `limits.timeoutSeconds` + 5 s, ends it. Let such work pause (`await scheduler.yield()` of node:timers/promises) or put it into a worker thread.',
  },
  'States.Timeout': {
    retryable: false,
    seen: 'task',
    when: 'A state took longer than its step may: the function did not end in time.',
    whatToDo: 'As with StepTimedOutError.',
  },
  'States.TaskFailed': {
    retryable: true,
    seen: 'task',
    when: 'A call that a state makes has failed in a way that Step Functions does not name more closely.',
    whatToDo: 'The cause, in the execution in the console, says more.',
  },
  'Lambda.TooManyRequestsException': {
    retryable: true,
    seen: 'task',
    when: 'The account, or the function, has no call to spare. It is asked again for about nine minutes, then another agent is.',
    whatToDo: 'Ask AWS for a higher concurrency, or submit less at once.',
  },
  'Lambda.ServiceException': {
    retryable: true,
    seen: 'task',
    when: 'Lambda itself had trouble. It is asked again.',
    whatToDo: 'Nothing, as long as it passes.',
  },
  'Lambda.AWSLambdaException': {
    retryable: true,
    seen: 'task',
    when: 'Lambda itself had trouble. It is asked again.',
    whatToDo: 'Nothing, as long as it passes.',
  },
  'Lambda.SdkClientException': {
    retryable: true,
    seen: 'task',
    when: 'Step Functions could not reach Lambda. It asks again.',
    whatToDo: 'Nothing, as long as it passes.',
  },
  'Lambda.ClientExecutionTimeoutException': {
    retryable: true,
    seen: 'task',
    when: 'Step Functions heard nothing from Lambda in time. It asks again.',
    whatToDo: 'Nothing, as long as it passes.',
  },
  'States.*': {
    retryable: false,
    seen: 'task',
    when: 'Step Functions has refused a state by its own rules, for instance `States.DataLimitExceeded`.',
    whatToDo:
      'The execution in the console shows the state and its cause. Report it: a compiled workflow should not meet one.',
  },
  'StepFunctions.*': {
    retryable: true,
    seen: 'task',
    when: 'The execution of a child or of a part could not be started: throttled, or too many are open.',
    whatToDo: 'Retry the task later.',
  },
  'DynamoDB.*': {
    retryable: true,
    seen: 'task',
    when: 'A gate could not be read or written.',
    whatToDo: 'Retry the task. `<prefix>-*` alarms say whether a table is throttled.',
  },
  'DynamoDb.*': {
    retryable: true,
    seen: 'task',
    when: 'The same; Step Functions spells the name of the service in two ways.',
    whatToDo: 'As with `DynamoDB.*`.',
  },
} as const satisfies Readonly<Record<string, Foreign>>
