import { stat } from 'node:fs/promises'
import { Command } from 'commander'
import type { PlanView } from '../../shared/contracts/views.ts'
import { ownOf } from '../../shared/domain/own.ts'
import { callApi } from '../api-client.ts'
import { about, CliError } from '../cli-error.ts'
import { LENIENT, MOST_TOKENS, numberOption, parseDuration, wholeOption } from '../input/parse-options.ts'
import { readJsonOption, readTextFile } from '../input/read-json-option.ts'
import { capabilityText } from '../show/capability-text.ts'
import { describeCompiled } from '../show/describe-compiled.ts'
import { printEstimate } from '../show/describe-estimate.ts'
import { columnsOf, drawColumns, mermaidOf } from '../show/draw-plan.ts'
import { lineWidth } from '../show/layout.ts'
import { say, style } from '../show/output.ts'
import { printWarnings } from '../show/print-warnings.ts'
import { printTable } from '../show/table.ts'
import { print, printContent, printError, printJson } from '../show/terminal.ts'
import { planGoal } from './plan-goal.ts'

type Options = {
  goal?: string
  input?: string
  budget?: number
  tokens?: number
  deadline?: number
  lenient?: boolean
  mermaid?: boolean
  json?: boolean
}

export function planCommand(): Command {
  return new Command('plan')
    .description(
      'Plan a workflow without running it: who would do what, and why; how long it takes and what it costs',
    )
    .argument('[workflow]', 'a workflow by name, or a YAML or JSON file; none with --goal')
    .option('-g, --goal <words>', 'make the plan of a goal in words, and print it as YAML: > workflow.yaml')
    .option('-i, --input <json>', 'check this input as well; JSON, or @file')
    .option('-b, --budget <usd>', 'with so much to spend, in US dollars', numberOption('--budget'))
    .option(
      '-t, --tokens <count>',
      'with so many tokens of language models',
      wholeOption('--tokens', 0, MOST_TOKENS),
    )
    .option('-d, --deadline <time>', 'in so much time: 90s, 10m, 2h', parseDuration)
    .option(...LENIENT)
    .option('--mermaid', 'print the graph as a Mermaid flowchart')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator plan data_report\n  npx orchestrator plan ./my-workflow.yaml --mermaid > plan.mmd\n  npx orchestrator plan --goal "Compare Nile and Amazon" > workflow.yaml',
    )
    .action(async (workflow: string | undefined, { goal, ...options }: Options) => {
      const { input, budget, tokens, deadline, lenient, mermaid = false, json = false } = options
      if ((workflow === undefined) === (goal === undefined))
        throw new CliError('give one of a workflow and --goal "what is wanted, in words"')
      if (goal !== undefined && (mermaid || lenient))
        throw new CliError(`--${mermaid ? 'mermaid' : 'lenient'} says nothing with --goal`)
      if (goal !== undefined) return planGoal(goal, options)
      if (workflow === undefined) return
      const isFile = (await stat(workflow).catch(() => undefined))?.isFile() ?? false
      if (!isFile && /[./]/.test(workflow)) throw new CliError(`there is no file "${workflow}"`)
      const given = input === undefined ? undefined : await readJsonOption(input)
      const asked = callApi('makePlan', {
        workflow: isFile ? await readTextFile(workflow) : workflow,
        input: given,
        budgetUsd: budget,
        budgetTokens: tokens,
        deadlineSeconds: deadline,
        lenient,
      })
      const plan = await about(isFile ? workflow : undefined, asked)
      if (mermaid) return printMermaid(plan)
      if (json) return printJson(plan)
      printPlan(plan)
      printWarnings(plan.warnings, isFile ? workflow : undefined)
    })
}

function printPlan(plan: PlanView): void {
  const { workflow, steps, bindings, decisions, estimate } = plan
  say(`${style('bold', workflow.name)} v${workflow.version}\n`)
  print(`${drawColumns(columnsOf(plan), lineWidth())}\n`)
  const rows = steps.map((step) => {
    const { stepId, kind, needs } = step
    const reason = decisions.find((decision) => decision.stepId === stepId)?.reason ?? ''
    return [
      stepId,
      capabilityText(step) ?? kind,
      ownOf(bindings, stepId)?.agentId ?? '',
      needs.join(', '),
      reason,
    ]
  })
  printTable(['step', 'what', 'agent', 'after', 'why this agent'], rows)
  print()
  printEstimate(estimate)
  say(describeCompiled(plan))
}

/** Mermaid's default limit (`maxEdges`). */
const MAX_EDGES = 500

function printMermaid(plan: PlanView): void {
  printContent(mermaidOf(plan))
  const edges = plan.steps.reduce((sum, { needs }) => sum + needs.length, 0)
  if (edges > MAX_EDGES)
    printError(`${edges} edges: Mermaid draws ${MAX_EDGES} unless its maxEdges says otherwise`)
}
