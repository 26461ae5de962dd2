/** The names of a step's states, and the expressions that identify the step at run time. */
export type StepNames = {
  /** Usually the name of the first state; the other names begin with it. */
  name: string
  /** JSONata: the ARN of the planned agent's function. */
  agent: string
  /** JSONata: the step's instance path. */
  path: string
}

/** Step Functions' limit, in characters. */
export const MAX_STATE_NAME = 80

/** JSONata: the execution's input. */
export const INPUT = '$states.context.Execution.Input'

/** JSONata: how often the execution has been redriven. */
export const REDRIVES = '$states.context.Execution.RedriveCount'

/** JSONata: the same in a part of a split workflow, plus the redrives of the execution that started it. */
export const REDRIVES_OF_PART = `$sum([${REDRIVES},${INPUT}.redrives])`

export const literal = (text: string): string => `'${text}'`

/** JSONata: `text` concatenated with `expression`; two literals become one. */
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
