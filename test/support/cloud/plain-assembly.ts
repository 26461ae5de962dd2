import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Resource = { Type: string; Properties?: object; DependsOn?: string[] }

/** Writes a cloud assembly of one stack, `s`, into a folder: resources as in a template, and the code of functions by their asset's key. */
export function writeAssembly(
  folder: string,
  { resources, code }: { resources: Record<string, Resource>; code: Record<string, string> },
): string {
  mkdirSync(folder, { recursive: true })
  const write = (name: string, value: unknown): void =>
    writeFileSync(join(folder, name), JSON.stringify(value))
  const files = Object.entries(code).map(([key, text]) => {
    mkdirSync(join(folder, `asset.${key}`), { recursive: true })
    writeFileSync(join(folder, `asset.${key}`, 'index.mjs'), text)
    return [key, { source: { path: `asset.${key}` }, destinations: { d: { objectKey: key } } }]
  })
  write('manifest.json', {
    artifacts: { s: { type: 'aws:cloudformation:stack', properties: { templateFile: 's.template.json' } } },
  })
  write('s.assets.json', { files: Object.fromEntries(files) })
  write('s.template.json', { Resources: resources })
  return folder
}

/** A function with its role, which may do what the statements say. */
export function functionOf(
  id: string,
  {
    key,
    variables = {},
    statements = [],
  }: { key: string; variables?: Record<string, unknown>; statements?: object[] },
): Record<string, Resource> {
  return {
    [`${id}Role`]: { Type: 'AWS::IAM::Role' },
    [`${id}Policy`]: {
      Type: 'AWS::IAM::Policy',
      Properties: { PolicyDocument: { Statement: statements }, Roles: [{ Ref: `${id}Role` }] },
    },
    [id]: {
      Type: 'AWS::Lambda::Function',
      DependsOn: [`${id}Policy`],
      Properties: {
        Code: { S3Key: key },
        Handler: 'index.handler',
        Timeout: 5,
        Role: { 'Fn::GetAtt': [`${id}Role`, 'Arn'] },
        Environment: { Variables: variables },
      },
    },
  }
}
