/**
 * Goals with known or recorded plans, in the language of this project. The data has steps that name tools, and links between names of tools;
 * a link means that what one tool gives is used by the other. Here
 *
 * - a tool is a capability with its name in the language's form (`GetMovieCredit`: `get-movie-credit`). A name that is in no catalogue stays
 *   as a model wrote it: bringing it into form is the planner's work, and would flatter its figures;
 * - tools of a catalogue take `{request: string, from?: string[]}` and give `{result: string}`, for their data has no schemas. Tools of a case
 *   of their own (BFCL) take what their `parameters` say;
 * - a link is a need, and an expression in `from` that reads the other step's `result`. A link from a name that is no step is a need of that
 *   name, a link from a step to itself a need of itself; neither has anything to read. A link to a name that is no step has no step to stand
 *   in: it counts as a fault of the answer as given (`hasStrayLink`);
 * - links name tools, so one between tools that are used twice goes from a use to the nearest later one, and equal links go to further ones.
 */
import { readFileSync } from 'node:fs'
import * as z from 'zod'
import type { JsonObject } from '../../shared/domain/json.ts'
import { type PlannerCatalogue, plannerCatalogue } from '../../shared/planner/planner-catalogue.ts'
import { schemaOfParameters } from './parameters.ts'

const ToolSchema = z.object({ id: z.string(), description: z.string(), parameters: z.unknown().optional() })
/** One recorded plan links positions, from 0. */
const EndSchema = z.union([z.string(), z.number().int()])
const PlanSchema = z.object({
  steps: z.array(z.string()),
  links: z.array(z.tuple([EndSchema, EndSchema])),
  arguments: z.array(z.record(z.string(), z.array(z.unknown()))).optional(),
})
const CaseSchema = z.object({
  id: z.string(),
  kind: z.enum(['gold', 'recorded', 'refuse']),
  goal: z.string(),
  catalogue: z.string().optional(),
  tools: z.array(ToolSchema).optional(),
  gold: PlanSchema.optional(),
  recorded: PlanSchema.optional(),
})
const CataloguesSchema = z.record(z.string(), z.array(ToolSchema))

type Tool = z.infer<typeof ToolSchema>
export type ToolPlan = z.infer<typeof PlanSchema>

export type Case = {
  id: string
  kind: 'gold' | 'recorded' | 'refuse'
  goal: string
  catalogue: PlannerCatalogue
  /** Where its tools come from: the name of a catalogue, or `own`. */
  source: string
  plan?: ToolPlan
  nameOf: (toolId: string) => string
}

export function readCases(casesFile: string, cataloguesFile: string): Case[] {
  const catalogues = CataloguesSchema.parse(JSON.parse(readFileSync(cataloguesFile, 'utf8')))
  const shared = new Map(Object.entries(catalogues).map(([name, tools]) => [name, offered(tools)]))
  const lines = readFileSync(casesFile, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => {
    const { id, kind, goal, catalogue, tools, gold, recorded } = CaseSchema.parse(JSON.parse(line))
    const found = catalogue === undefined ? offered(tools ?? []) : shared.get(catalogue)
    if (!found)
      throw new Error(`case ${id}: no catalogue ${catalogue}; known: ${[...shared.keys()].join(', ')}`)
    const plan = gold ?? recorded
    return { id, kind, goal, source: catalogue ?? 'own', ...found, ...(plan ? { plan } : {}) }
  })
}

function offered(tools: readonly Tool[]): Pick<Case, 'catalogue' | 'nameOf'> {
  const names = new Map<string, string>()
  for (const { id } of tools) {
    const name = inForm(id)
    if ([...names.values()].includes(name) && !names.has(id)) throw new Error(`two tools are named ${name}`)
    names.set(id, name)
  }
  const capabilities = tools.map(({ id, description, parameters }) => ({
    name: names.get(id) ?? id,
    description: description.slice(0, 500),
    inputSchema: parameters === undefined ? REQUEST : schemaOfParameters(parameters),
    outputSchema: RESULT,
  }))
  const catalogue = plannerCatalogue([{ id: 'tools', version: '1.0.0', capabilities }])
  return { catalogue, nameOf: (id) => names.get(id) ?? id }
}

const REQUEST: JsonObject = {
  type: 'object',
  required: ['request'],
  properties: { request: { type: 'string' }, from: { type: 'array', items: { type: 'string' } } },
  additionalProperties: false,
}
const RESULT: JsonObject = {
  type: 'object',
  required: ['result'],
  properties: { result: { type: 'string' } },
  additionalProperties: false,
}

const inForm = (id: string): string =>
  id
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/(^|\.)[^a-z.]*/g, '$1')
    .replaceAll(/-+(?=\.|$)/g, '')
    .slice(0, 64)
