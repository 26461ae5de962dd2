/** The kinds of steps. A new kind is a file beside this one and a line here. */
import { type Step, type StepKind, stepKind } from '../schema.ts'
import { agent } from './agent.ts'
import { approval } from './approval.ts'
import { converse } from './converse.ts'
import { emit } from './emit.ts'
import type { KindOfStep } from './kind-of-step.ts'
import { repeat } from './repeat.ts'
import { send } from './send.ts'
import { steps } from './steps.ts'
import { wait } from './wait.ts'
import { workflow } from './workflow.ts'

export const KINDS: { readonly [Kind in StepKind]: KindOfStep<Kind> } = {
  agent,
  repeat,
  steps,
  approval,
  wait,
  workflow,
  emit,
  send,
  converse,
}

export const kindOf = (step: Step): KindOfStep => KINDS[stepKind(step)]
