import { type Compiled, compileWorkflow, issuesOfCompiling } from '../shared/compiler/index.ts'
import type { Issue } from '../shared/domain/issue.ts'
import { everyStep } from '../shared/workflow/places.ts'
import { type AgentStep, isAgentStep } from '../shared/workflow/schema.ts'
import type { CompiledWorkflow } from './catalogue.ts'

/**
 * The workflow compiled with the states of a suspension in the steps whose agents may suspend, or why it cannot be: which steps these are is known when
 * all agents are loaded. One without such steps stays as it is.
 */
export function compiledFor(
  { workflow, compiled }: CompiledWorkflow,
  suspends: (step: AgentStep) => boolean,
): { compiled: Compiled; issues?: undefined } | { compiled?: undefined; issues: Issue[] } {
  if (!everyStep(workflow.steps).some(({ step }) => isAgentStep(step) && suspends(step))) return { compiled }
  const issues = issuesOfCompiling(workflow, { suspends })
  return issues.length > 0 ? { issues } : { compiled: compileWorkflow(workflow, { suspends }) }
}
