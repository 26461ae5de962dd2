import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import * as z from 'zod'
import { agentEntry } from '../../../infra/agent-entry.ts'
import { layExpressions } from '../../../infra/bundle-expressions.ts'
import { BUNDLING } from '../../../infra/bundle-functions.ts'
import { PACKAGE_ROOT } from '../../../infra/package-root.ts'
import { placeSources } from '../../../infra/source-maps.ts'
import type { DefinedAgent } from '../../../shared/agent/index.ts'
import { maySuspend, usesMessages } from '../../../shared/domain/agent.ts'
import { ASSEMBLY } from '../runner/synthesize-once.ts'

type Resource = { Type: string; Properties: Record<string, unknown>; DependsOn?: string[] }
export type Template = { Resources: Record<string, Resource> }

const made: string[] = []
export const TEMPLATE = 'orchestrator-runtime.template.json'

/** A copy of the synthesized assembly with its runtime template changed; bundles are shared, not copied. */
export function alterAssembly(
  change: (template: Template, folder: string) => void,
  templateFile = TEMPLATE,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'assembly-'))
  made.push(folder)
  for (const name of readdirSync(ASSEMBLY)) {
    if (name.startsWith('asset.')) symlinkSync(join(ASSEMBLY, name), join(folder, name))
    else if (name.endsWith('.json')) cpSync(join(ASSEMBLY, name), join(folder, name))
  }
  const template = JSON.parse(readFileSync(join(folder, templateFile), 'utf8')) as Template
  change(template, folder)
  writeFileSync(join(folder, templateFile), JSON.stringify(template))
  return folder
}

type Models = Readonly<Record<string, Record<string, unknown>>>

/**
 * Replaces the code of a built-in agent's function by another agent; its resources stay. With `models`, models of Bedrock by name: the agent gets their adapter, their
 * settings, and a grant for them.
 */
export async function replaceAgent(agentId: string, agentFile: string, models?: Models): Promise<string> {
  let asset = ''
  const folder = alterAssembly(({ Resources }, inside) => {
    const properties = propertiesOf(
      Resources,
      functionOf(Resources, `orchestrator-agent-${agentId}`),
      LambdaSchema,
    )
    if (models) grantModels(Resources, properties, models)
    asset = join(inside, `asset.${properties.Code.S3Key.replace('.zip', '')}`)
    rmSync(asset)
  })
  await build({
    stdin: {
      contents: await entryOf(agentFile, models),
      resolveDir: BUNDLING.absWorkingDir,
      loader: 'ts',
    },
    ...BUNDLING,
    outfile: join(asset, 'index.mjs'),
  })
  await placeSources(asset, PACKAGE_ROOT, ['.'])
  await layExpressions(join(ASSEMBLY, 'expressions'), [asset])
  return folder
}

async function entryOf(agentFile: string, models: Models | undefined): Promise<string> {
  if (models) {
    const { default: agent } = (await import(agentFile)) as { default: DefinedAgent }
    return agentEntry({ manifest: agent.manifest, entry: agentFile, providers: ['bedrock'] })
  }
  const { default: agent } = (await import(agentFile)) as { default: DefinedAgent }
  if (maySuspend(agent.manifest) || usesMessages(agent.manifest))
    return agentEntry({ manifest: agent.manifest, entry: agentFile })
  return `import agent from ${JSON.stringify(agentFile)}
    import { agentHandler } from './functions/steps/agent-handler.ts'
    export const handler = agentHandler(agent)`
}

function grantModels(
  resources: Template['Resources'],
  { Role, Environment }: z.infer<typeof LambdaSchema>,
  models: Models,
): void {
  const [role] = Role['Fn::GetAtt']
  const [, policy] =
    policiesOf(resources).find(([, { Roles }]) => Roles.some(({ Ref }) => Ref === role)) ?? []
  if (!policy) throw new Error(`the role ${role} has no policy`)
  const grant = {
    Effect: 'Allow',
    Action: ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream', 'bedrock:CountTokens'],
    Resource: Object.values(models).map(({ id }) => `arn:aws:bedrock:*::foundation-model/${id}`),
  }
  policy.PolicyDocument.Statement.push(grant)
  // The API refuses what names a model that the stage does not have.
  const api = propertiesOf(resources, functionOf(resources, 'orchestrator-api'), LambdaSchema)
  for (const { Variables } of [Environment, api.Environment]) Variables.MODELS = JSON.stringify(models)
}

/** The properties of a function that tests read or change. */
export const LambdaSchema = z.object({
  FunctionName: z.string(),
  Code: z.object({ S3Key: z.string() }),
  Role: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
})

const AnyOf = z.union([z.string(), z.array(z.string())])
const PolicySchema = z.object({
  Roles: z.array(z.object({ Ref: z.string() })).min(1),
  PolicyDocument: z.object({ Statement: z.array(z.object({ Action: AnyOf, Resource: z.unknown() })) }),
})
export type Policy = z.infer<typeof PolicySchema>

/** The properties of a resource themselves, to be changed in place. Throws a ZodError when they do not have the expected form. */
export function propertiesOf<Form>(
  resources: Template['Resources'],
  id: string,
  schema: z.ZodType<Form>,
): Form {
  const properties: unknown = resources[id]?.Properties
  if (hasForm(schema, properties)) return properties
  throw schema.safeParse(properties).error
}

const hasForm = <Form>(schema: z.ZodType<Form>, value: unknown): value is Form =>
  schema.safeParse(value).success

/** The policies of a template by logical id, to be changed in place. */
export const policiesOf = (resources: Template['Resources']): [id: string, Policy][] =>
  Object.entries(resources)
    .filter(([, { Type }]) => Type === 'AWS::IAM::Policy')
    .map(([id]) => [id, propertiesOf(resources, id, PolicySchema)])

/** Removes an action from every policy of the roles whose logical ids match. */
export function removeGrant(
  resources: Template['Resources'],
  isMeant: (roleId: string) => boolean,
  action: string,
): void {
  for (const [, { Roles, PolicyDocument }] of policiesOf(resources)) {
    if (!Roles.some(({ Ref }) => isMeant(Ref))) continue
    for (const statement of PolicyDocument.Statement)
      statement.Action = [statement.Action].flat().filter((one) => one !== action)
  }
}

export function functionOf(resources: Template['Resources'], name: string): string {
  const found = Object.entries(resources).find(([, { Properties }]) => Properties.FunctionName === name)
  if (!found) throw new Error(`no function ${name}`)
  return found[0]
}

export function removeAltered(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
}
