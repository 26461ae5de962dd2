import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type TemplateResource = {
  Type: string
  Properties?: Record<string, unknown>
  Metadata?: Record<string, unknown>
  DeletionPolicy?: string
  UpdateReplacePolicy?: string
}
export type Template = { Resources: Record<string, TemplateResource> }
export type SynthesizedStack = {
  name: string
  template: Template
  /** Templates of the nested stacks, by logical id. */
  nested: Readonly<Record<string, Template>>
  assetBucket: string
}

export const NESTED_STACK = 'AWS::CloudFormation::Stack'

type Manifest = { artifacts: Record<string, { type: string }> }
type Assets = { files: Record<string, { destinations: Record<string, { bucketName: string }> }> }

/** A stack of an assembly, by the end of its name, such as `data`. The bucket is that of the CDK's assets, with `${AWS::AccountId}`. */
export function readStack(assembly: string, end: string): SynthesizedStack {
  const manifest = readJson<Manifest>(join(assembly, 'manifest.json'))
  const name = Object.entries(manifest.artifacts).find(
    ([id, { type }]) => type === 'aws:cloudformation:stack' && id.endsWith(`-${end}`),
  )?.[0]
  if (name === undefined) throw new Error(`${assembly} has no stack that ends in -${end}`)
  const assets = join(assembly, `${name}.assets.json`)
  const files = existsSync(assets) ? Object.values(readJson<Assets>(assets).files) : []
  const [destination] = files.flatMap(({ destinations }) => Object.values(destinations))
  const template = readJson<Template>(join(assembly, `${name}.template.json`))
  return { name, template, nested: nestedIn(assembly, template), assetBucket: destination?.bucketName ?? '' }
}

/** A nested stack's metadata name the file of its template. */
function nestedIn(assembly: string, { Resources }: Template): Record<string, Template> {
  const nested = Object.entries(Resources).flatMap(([id, { Type, Metadata }]) => {
    const file = Metadata?.['aws:asset:path']
    return Type === NESTED_STACK && typeof file === 'string' ? [[id, file] as const] : []
  })
  return Object.fromEntries(nested.map(([id, file]) => [id, readJson<Template>(join(assembly, file))]))
}

const readJson = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T

/** The logical ids that a template value refers to. */
export function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Ref') return [String(inner)]
    if (key === 'Fn::GetAtt') return [String([inner].flat()[0]).split('.')[0] ?? '']
    return referencesIn(inner)
  })
}

/** A logical id without the CDK's digest at its end. */
export const plainName = (logicalId: string): string => logicalId.replace(/[0-9A-F]{8}$/, '').toLowerCase()
