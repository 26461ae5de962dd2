import { relative } from 'node:path'
import { Command } from 'commander'
import type * as z from 'zod'
import { AgentIdSchema } from '../../shared/domain/agent.ts'
import { CapabilityNameSchema } from '../../shared/domain/capability.ts'
import { shellWord } from '../../shared/domain/shell-word.ts'
import { WorkflowNameSchema } from '../../shared/workflow/schema.ts'
import { CliError } from '../cli-error.ts'
import { findProject, type Project } from '../dev/find-project.ts'
import { knownCapability } from '../input/known-catalogue.ts'
import { agentFiles, inCheckout, inProject } from '../new/agent-files.ts'
import { type NewFiles, writeNewFiles } from '../new/new-files.ts'
import { fitsSchema, sampleOf } from '../new/sample-of.ts'
import { besideIt, underTest, workflowFiles } from '../new/workflow-files.ts'
import { print, printJson } from '../show/terminal.ts'

type Options = { json?: boolean }

export function newCommand(): Command {
  return new Command('new')
    .description('Add an agent or a workflow to this project, with a test of it')
    .addCommand(newAgentCommand())
    .addCommand(newWorkflowCommand())
}

function newAgentCommand(): Command {
  return new Command('agent')
    .description('Add an agent: agents/<id>/index.ts and its test')
    .argument('<id>')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  npx orchestrator new agent translator')
    .action(async (id: string, options: Options) => {
      requireName(AgentIdSchema, id, 'agent id')
      const project = findProject()
      const place = project.isCheckout ? inCheckout(id) : inProject(id)
      await add(project, agentFiles(id, place), options, [
        'give it a capability of your own, and say so in its test',
        `a workflow asks for it by capability: ${id}.greet`,
      ])
    })
}

function newWorkflowCommand(): Command {
  return new Command('workflow')
    .description('Add a workflow: workflows/<name>.yaml and its test')
    .argument('<name>')
    .option(
      '--capability <name>',
      'of its first step: the workflow takes and answers what that does',
      'greeter.greet',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  npx orchestrator new workflow translate\n  npx orchestrator new workflow translate --capability translator.greet',
    )
    .action(async (name: string, options: Options & { capability: string }) => {
      requireName(WorkflowNameSchema, name, 'workflow name')
      requireName(CapabilityNameSchema, options.capability, '--capability')
      const project = findProject()
      const place = project.isCheckout ? underTest(name) : besideIt(name)
      const known = await knownCapability(options.capability)
      const input = known ? sampleOf(known.inputSchema) : { name: 'Ada' }
      await add(project, workflowFiles(name, options.capability, place, known), options, [
        ...(known ? [] : [`nothing known here offers ${options.capability}: adapt its input and output`]),
        ...(known && !fitsSchema(known.inputSchema, input)
          ? [
              `give its test, and the call below, an input that fits ${options.capability}: this one is only a sketch`,
            ]
          : []),
        `see what it becomes: npx orchestrator compile ${place.workflow}`,
        `${known ? 'run it' : `run it once an agent offers ${options.capability}`}: npx orchestrator submit ${name} --input ${shellWord(JSON.stringify(input))} --wait`,
      ])
    })
}

/** Throws CliError with the value and the expected form. */
function requireName(schema: z.ZodType<string>, value: string, what: string): void {
  const { error } = schema.safeParse(value)
  if (error)
    throw new CliError(`${what} "${value}": ${error.issues.map(({ message }) => message).join('; ')}`)
}

async function add(
  { root }: Project,
  files: NewFiles,
  { json = false }: Options,
  next: string[],
): Promise<void> {
  await writeNewFiles(root, files)
  if (json) return printJson({ folder: root, files: Object.keys(files) })
  for (const path of Object.keys(files))
    print(`made ${relative('.', root) === '' ? path : `${root}/${path}`}`)
  for (const line of next) print(`  ${line}`)
}
