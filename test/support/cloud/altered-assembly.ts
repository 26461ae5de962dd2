import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import * as z from 'zod'
import { layExpressions } from '../../../infra/bundle-expressions.ts'
import { BUNDLING } from '../../../infra/bundle-functions.ts'
import { PACKAGE_ROOT } from '../../../infra/package-root.ts'
import { placeSources } from '../../../infra/source-maps.ts'
import { ASSEMBLY } from '../runner/synthesize-once.ts'

type Resource = { Type: string; Properties: Record<string, unknown>; DependsOn?: string[] }
export type Template = { Resources: Record<string, Resource> }

const made: string[] = []
const TEMPLATE = 'orchestrator-runtime.template.json'

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

/** Replaces the code of a built-in agent's function by another agent; its resources stay. */
export async function replaceAgent(agentId: string, agentFile: string): Promise<string> {
  let asset = ''
  const folder = alterAssembly(({ Resources }, inside) => {
    const { Code } = propertiesOf(
      Resources,
      functionOf(Resources, `orchestrator-agent-${agentId}`),
      LambdaSchema,
    )
    asset = join(inside, `asset.${Code.S3Key.replace('.zip', '')}`)
    rmSync(asset)
  })
  await build({
    stdin: {
      contents: `import agent from ${JSON.stringify(agentFile)}
        import { agentHandler } from './functions/steps/agent-handler.ts'
        export const handler = agentHandler(agent)`,
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
