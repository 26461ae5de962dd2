import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Node } from 'constructs'
import * as z from 'zod'
import { MappedRoleSchema } from '../shared/domain/caller-roles.ts'
import { IdentitySchema, type IdentitySettings, IssuerSchema } from '../shared/domain/identity-settings.ts'
import { suggestNames } from '../shared/domain/nearest-names.ts'
import { ModelPriceSchema, PriceTableSchema } from '../shared/domain/price-table.ts'
import { QuotasSchema } from '../shared/domain/quotas.ts'
import { EmailSchema } from './allowed-hosts.ts'
import { describeStageIssues } from './describe-stage-issues.ts'
import { PACKAGE_ROOT } from './package-root.ts'
import { readStageFile } from './read-stage-file.ts'
import { AGENTS_FILE, withAgentsFile } from './stage-agents-file.ts'
import { fieldsOfElsewhere } from './stage-elsewhere.ts'
import { FieldsSchema } from './stage-fields.ts'
import { fieldsOfModels, issuesOfSizes, withParsed } from './stage-models.ts'
import { StageError } from './stage-place.ts'

/** The settings that differ between deployments. */
export const StageSchema = FieldsSchema.superRefine((stage, context) => {
  for (const { field, message } of issuesOfSizes(stage))
    context.addIssue({ code: 'custom', path: [field], message, input: stage })
})
export type Stage = z.output<typeof StageSchema>

/** Who may ask at the door for tokens and keys; under `orchestrator dev --auth` keys open always. */
export const identityOf = ({ identity }: Stage): IdentitySettings =>
  process.env.ORCHESTRATOR_AUTH === 'true' ? { ...identity, keys: true } : identity

/** The tags on every resource of an installation. */
export const tagsOf = ({ prefix, tags }: Stage): Record<string, string> => ({ ...tags, application: prefix })

/** The default folder of stage files. */
const STAGES = join(PACKAGE_ROOT, 'stages')

/**
 * The stage of `--context stage=<name>`, from `<name>.yaml` in the folder, with single fields overridden by `--context
 * <field>=<value>`. Throws StageError listing every invalid value, its place and what is expected.
 */
export function readStage(node: Node, folder = STAGES): Stage {
  const name = (node.tryGetContext('stage') as string | undefined) ?? 'default'
  return readStageNamed(name, overridesIn(node), folder)
}

/** The same for the command line, before an app exists. */
export function readStageNamed(
  name: string,
  overrides: Readonly<Record<string, unknown>>,
  folder = STAGES,
): Stage {
  return withAgentsFile(parseStage(name, textOf(name, folder), overrides), name, folder)
}

/** A stage given as fields in an app's code; the command line overrides single fields. Throws StageError. */
export function stageWith(fields: Partial<Stage>, node: Node): Stage {
  const overrides = withParsed(overridesIn(node))
  const parsed = StageSchema.safeParse({ ...fields, ...overrides })
  if (parsed.success) return parsed.data
  const told = parsed.error.issues.map(({ path, message }) => {
    const [field = ''] = path
    return `\n  ${Object.hasOwn(overrides, field) ? '--context ' : ''}${path.join('.')}: ${message}`
  })
  throw new StageError(`the stage is not usable:${told.join('')}`)
}

/** The stage's fields on the command line: `--context <field>=<value>`. */
export function overridesIn(node: Node): Record<string, unknown> {
  const given = FIELDS.map((field) => [field, node.tryGetContext(field) as unknown] as const)
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}

/** Parses the YAML of a stage's file. */
export function parseStage(name: string, text: string, given: Readonly<Record<string, unknown>>): Stage {
  const overrides = withParsed(given)
  const file = readStageFile(name, text, (field) => TEXTS.has(field))
  const parsed = StageSchema.safeParse({ ...file.fields, ...overrides })
  if (parsed.success) return parsed.data
  const told = describeStageIssues(parsed.error, { file, overrides }, fieldsIn)
  throw new StageError(`stages/${name}.yaml is not usable:${told}`)
}

export const FIELDS: readonly string[] = Object.keys(StageSchema.shape)

/** Fields with text values: an account, names, tags. */
const TEXTS: ReadonlySet<string> = new Set(
  Object.entries(StageSchema.shape)
    .filter(([, schema]) => isText(schema))
    .map(([field]) => field),
)

function isText(schema: z.ZodType): boolean {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return isText(schema.unwrap() as z.ZodType)
  if (schema instanceof z.ZodRecord) return isText(schema.valueType as z.ZodType)
  return ['string', 'array'].includes(schema.type)
}

function fieldsIn(path: readonly PropertyKey[]): readonly string[] {
  const [field, models] = path
  if (field === undefined) return FIELDS
  if (field === 'models') return fieldsOfModels(path)
  if (field === 'secrets') return ['from', 'field']
  if (field === 'agentsElsewhere') return fieldsOfElsewhere(path)
  if (field === 'email') return Object.keys(EmailSchema.shape)
  if (field === 'tenants') return Object.keys(QuotasSchema.shape)
  if (field === 'identity') return Object.keys((path.length > 1 ? IssuerSchema : IdentitySchema).shape)
  if (field === 'callerRoles') return Object.keys(MappedRoleSchema.shape)
  return Object.keys(models === undefined ? PriceTableSchema.shape : ModelPriceSchema.shape)
}

const stageNames = (folder: string): string[] =>
  (existsSync(folder) ? readdirSync(folder) : [])
    .filter((file) => file.endsWith('.yaml') && !file.endsWith(AGENTS_FILE))
    .map((file) => basename(file, '.yaml'))
    .sort()

function textOf(name: string, folder: string): string {
  const known = stageNames(folder)
  if (!known.includes(name))
    throw new StageError(`there is no stages/${name}.yaml${suggestNames(name, known)}`)
  return readFileSync(join(folder, `${name}.yaml`), 'utf8')
}
