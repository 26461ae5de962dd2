import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { type DeployedElsewhere, deployedElsewhere } from '../shared/contracts/stage-agent.ts'
import type { Catalogue } from './catalogue.ts'
import { describeStageIssues } from './describe-stage-issues.ts'
import { readStageFile } from './read-stage-file.ts'
import { AgentsElsewhereSchema, fieldsOfElsewhere } from './stage-elsewhere.ts'
import { StageError } from './stage-place.ts'

/** The ending of the file with the agents elsewhere of a stage, beside the stage's own. */
export const AGENTS_FILE = '.agents.yaml'

/** The field of a stage that has its agents. */
type Said = { agentsElsewhere?: z.output<typeof AgentsElsewhereSchema> | undefined }

const FileSchema = z.strictObject({ agents: AgentsElsewhereSchema.shape.agents })

/**
 * The stage with the agents of `<name>.agents.yaml`, if there is such a file beside its own. Throws StageError listing what is wrong in it, each with line
 * and column.
 */
export function withAgentsFile<S extends Said>(stage: S, name: string, folder: string): S {
  const path = join(folder, `${name}${AGENTS_FILE}`)
  return existsSync(path) ? withAgents(stage, name, readFileSync(path, 'utf8')) : stage
}

export function withAgents<S extends Said>(stage: S, name: string, text: string): S {
  const called = `${name}.agents`
  const file = readStageFile(called, text, () => false)
  const read = FileSchema.safeParse(file.fields)
  if (!read.success) {
    const told = describeStageIssues(read.error, { file, overrides: {} }, ([field]) =>
      field === undefined ? ['agents'] : fieldsOfElsewhere(['agentsElsewhere', 'agents']),
    )
    throw new StageError(`stages/${called}.yaml is not usable:${told}`)
  }
  const said = stage.agentsElsewhere ?? {}
  const before = stage.agentsElsewhere?.agents ?? []
  const whole = AgentsElsewhereSchema.safeParse({ ...said, agents: [...before, ...read.data.agents] })
  if (whole.success) return { ...stage, agentsElsewhere: whole.data }
  const told = whole.error.issues.map(({ message }) => `\n  ${message}`)
  throw new StageError(`stages/${called}.yaml is not usable with stages/${name}.yaml:${told.join('')}`)
}

/** The agents elsewhere that a stage names. Throws StageError for an id that an agent of the catalogue has. */
export function agentsOfStage(
  { agentsElsewhere }: Said,
  { agents }: Pick<Catalogue, 'agents'>,
): DeployedElsewhere[] {
  const ours = (agentsElsewhere?.agents ?? []).map(deployedElsewhere)
  const ids = new Set(agents.map(({ manifest }) => manifest.id))
  const twice = ours.map(({ manifest }) => manifest.id).filter((id) => ids.has(id))
  if (twice.length === 0) return ours
  throw new StageError(
    `the stage is not usable:${twice.map((id) => `\n  agentsElsewhere.agents: agent "${id}" is in the folder of agents too, or built in; choose another id`).join('')}`,
  )
}
