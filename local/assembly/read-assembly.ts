import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'

const ResourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
})
export type Resource = z.infer<typeof ResourceSchema>

const TemplateSchema = z.object({
  Resources: z.record(z.string(), ResourceSchema).default({}),
  Outputs: z
    .record(z.string(), z.object({ Value: z.unknown(), Export: z.object({ Name: z.string() }).optional() }))
    .default({}),
})

const AssetsSchema = z.object({
  files: z
    .record(
      z.string(),
      z.object({
        source: z.object({ path: z.string() }),
        destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
      }),
    )
    .default({}),
})

const ManifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({ type: z.string(), properties: z.object({ templateFile: z.string().optional() }).optional() }),
  ),
})

export const NESTED_STACK = 'AWS::CloudFormation::Stack'

export type Stack = {
  name: string
  resources: Record<string, Resource>
  outputs: z.infer<typeof TemplateSchema>['Outputs']
  /** Nested stacks, by the ids of their resources. */
  nested: Record<string, Stack>
}
export type Assembly = {
  stacks: Stack[]
  /** Folder of an asset by the key under which `cdk deploy` would upload it. */
  assets: ReadonlyMap<string, string>
}

/** Reads the cloud assembly that `cdk synth` wrote into a folder. Throws when the folder is missing or holds no assembly. */
export async function readAssembly(folder: string): Promise<Assembly> {
  const manifest = ManifestSchema.parse(await readJson(join(folder, 'manifest.json')))
  const stacks: Stack[] = []
  const assets = new Map<string, string>()
  for (const [name, { type, properties }] of Object.entries(manifest.artifacts)) {
    if (type !== 'aws:cloudformation:stack' || !properties?.templateFile) continue
    const { files } = AssetsSchema.parse(await readJson(join(folder, `${name}.assets.json`)))
    for (const { source, destinations } of Object.values(files)) {
      for (const { objectKey } of Object.values(destinations))
        assets.set(objectKey, join(folder, source.path))
    }
    stacks.push(await readStack(name, join(folder, properties.templateFile), assets))
  }
  return { stacks, assets }
}

async function readStack(name: string, file: string, assets: Assembly['assets']): Promise<Stack> {
  const { Resources: resources, Outputs: outputs } = TemplateSchema.parse(await readJson(file))
  const nested: Record<string, Stack> = {}
  for (const [id, { Type, Properties }] of Object.entries(resources)) {
    if (Type !== NESTED_STACK) continue
    // The URL of a nested template ends in the key of its asset.
    const address = JSON.stringify(Properties.TemplateURL)
    const path = [...assets].find(([key]) => address.includes(key))?.[1]
    if (path !== undefined) nested[id] = await readStack(`${name}-${id}`, path, assets)
  }
  return { name, resources, outputs, nested }
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new Error(`${file} cannot be read; synthesize first (npx cdk synth): ${(error as Error).message}`)
  }
}
