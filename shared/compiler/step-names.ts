/** What the states of a step are called, and how they say which step they run. */
export type StepNames = {
  /** Of its first state, as a rule; those of the others begin with it. */
  name: string
  /** JSONata: the ARN of its agent's function, as planned. */
  agent: string
  /** JSONata: its instance path. */
  path: string
}

/** What Step Functions accepts. */
export const MAX_STATE_NAME = 80

/** JSONata: what the execution was started with. */
export const INPUT = '$states.context.Execution.Input'

/** JSONata: how often the execution has been redriven. */
export const REDRIVES = '$states.context.Execution.RedriveCount'

/** The same in a part, which is an execution of its own and counts from nothing: with those of what has started it. */
export const REDRIVES_OF_PART = `$sum([${REDRIVES},${INPUT}.redrives])`

export const literal = (text: string): string => `'${text}'`

/** JSONata: `text` and then what `expression` says; a literal stays one. */
export function prefixed(text: string, expression: string): string {
  const known = textOf(expression)
  return known === undefined ? `${literal(text)} & ${expression}` : literal(text + known)
}

/** The value of a field: a literal needs no expression. */
export function fieldOf(expression: string): string {
  return textOf(expression) ?? `{% ${expression} %}`
}

function textOf(expression: string): string | undefined {
  return /^'([^']*)'$/.exec(expression)?.[1]
}
