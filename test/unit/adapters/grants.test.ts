import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Grant, PortGrants } from '../../../shared/contracts/grants.ts'

const ROOT = join(import.meta.dirname, '../../..')
const ENDING = '.grants.ts'

const OF_VERSION = 'GetObject of a version'
/** The IAM actions that an SDK command needs; by default the action with the command's name. */
const ASKED: Readonly<Record<string, readonly string[]>> = {
  Get: ['dynamodb:GetItem'],
  BatchGet: ['dynamodb:BatchGetItem'],
  Query: ['dynamodb:Query'],
  Scan: ['dynamodb:Scan'],
  Put: ['dynamodb:PutItem'],
  Update: ['dynamodb:UpdateItem'],
  Delete: ['dynamodb:DeleteItem'],
  GetObject: ['s3:GetObject'],
  CreateMultipartUpload: ['s3:PutObject'],
  UploadPart: ['s3:PutObject'],
  CompleteMultipartUpload: ['s3:PutObject'],
  AbortMultipartUpload: ['s3:AbortMultipartUpload'],
  HeadObject: ['s3:GetObject'],
  PutObject: ['s3:PutObject'],
  ListObjectsV2: ['s3:ListBucket'],
  ListObjectVersions: ['s3:ListBucketVersions'],
  DeleteObjects: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
  PutObjectTagging: ['s3:PutObjectTagging'],
  DeleteObjectTagging: ['s3:DeleteObjectTagging'],
  CopyObject: ['s3:GetObject', 's3:GetObjectTagging', 's3:PutObject', 's3:PutObjectTagging'],
  FilterLogEvents: ['logs:FilterLogEvents'],
  Converse: ['bedrock:InvokeModel'],
  ConverseStream: ['bedrock:InvokeModelWithResponseStream'],
  CountTokens: ['bedrock:CountTokens'],
  GetSecretValue: ['secretsmanager:GetSecretValue'],
  PutEvents: ['events:PutEvents'],
  [OF_VERSION]: ['s3:GetObjectVersion'],
  Sign: ['kms:Sign'],
  GetPublicKey: ['kms:GetPublicKey'],
  Invoke: ['lambda:InvokeFunction'],
  // It also sets tags, and passes a role to the machine.
  CreateStateMachine: ['states:CreateStateMachine', 'states:TagResource', 'iam:PassRole'],
}
const PRESIGNED_POST = 's3:PutObject'

const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** The modules of this repository that a module imports at run time. */
function importsOf(path: string): string[] {
  const found = textOf(path).matchAll(/^import (?!type )[^;]*?from '(\.[^']+)'/gms)
  return [...found].map(([, to = '']) => relative(ROOT, join(ROOT, dirname(path), to)))
}

/** Adapters that another one calls and does not import: its function puts them together. */
const WRAPPED: Readonly<Record<string, readonly string[]>> = {
  'functions/adapters/anchors/anchors.ts': ['functions/adapters/anchors/kms-signer.ts'],
  'functions/adapters/models/wrapped/counting-models.ts': ['functions/adapters/models/bedrock.ts'],
}

function closureOf(path: string): Set<string> {
  const all = new Set([path])
  for (const one of all)
    for (const to of [...importsOf(one), ...(WRAPPED[one] ?? [])])
      if (to.startsWith('functions/adapters/')) all.add(to)
  return all
}

/** Adapters whose grants a stage says, by the functions that it names (infra/constructs/elsewhere-host.ts). */
const GRANTED_BY_STAGE = ['functions/adapters/elsewhere/lambda.ts']

const grantFiles = globSync(`functions/adapters/**/*${ENDING}`, { cwd: ROOT }).sort()
const adapterOf = (grants: string) => grants.replace(ENDING, '.ts')
/** All modules of adapters; those without grants of their own are parts of other adapters. */
const adapters = new Set(globSync('functions/adapters/**/*.ts', { cwd: ROOT }))
const granted = grantFiles.filter((file) => adapters.has(adapterOf(file)))

/** The actions that an adapter's source needs, including the adapters whose grants it contains. */
function askedBy(grants: string): string[] {
  const composed = [...closureOf(grants)].map(adapterOf).filter((file) => adapters.has(file))
  const sources = composed.flatMap((file) => [...closureOf(file)])
  return sources.flatMap((file) => {
    const text = textOf(file)
    const commands = [...text.matchAll(/new (\w+)Command\(|ask\(\s*'(\w+)'/g)].map(
      ([, name = '', call]) => call ?? (/VersionId: /.test(text) && name === 'GetObject' ? OF_VERSION : name),
    )
    const targets = [...text.matchAll(/target: 'Amazon(\w+)\.(\w+)'/g)].map(
      ([, service = '', name]) => `${service.toLowerCase()}:${name}`,
    )
    const posts = text.includes('createPresignedPost(') ? [PRESIGNED_POST] : []
    return [...commands.flatMap((name) => ASKED[name] ?? [`states:${name}`]), ...targets, ...posts]
  })
}

async function grantsIn(file: string): Promise<readonly Grant[]> {
  const exported = Object.values((await import(join(ROOT, file))) as Record<string, unknown>)
  return exported.flatMap((one) =>
    Array.isArray(one) ? (one as Grant[]) : Object.values((one as PortGrants).methods).flat(),
  )
}

describe('the grants of an adapter', () => {
  it.each(granted)('are the actions that its source needs, and no others: %s', async (file) => {
    const given = (await grantsIn(file)).flatMap(({ actions }) => actions)
    expect([...new Set(given)].sort()).toEqual([...new Set(askedBy(file))].sort())
  })

  it('exist for every adapter that sends requests', () => {
    const sending = [...adapters].filter((file) => /new \w+Command\(/.test(textOf(file)))
    const told = new Set(granted.map(adapterOf).flatMap((file) => [...closureOf(file)]))
    expect(sending.length).toBeGreaterThan(20)
    expect(sending.filter((file) => !told.has(file))).toEqual(GRANTED_BY_STAGE)
  })

  it('restrict reads and writes of tables to items with certain key prefixes', async () => {
    const all = (await Promise.all(granted.map(grantsIn))).flat()
    // What an index shows is restricted by who may ask it: no agent's function.
    // A scan names no items: only sweeps of an operator have one (listRecords, listEnded).
    const scans = all.filter(({ actions }) => actions.includes('dynamodb:Scan'))
    expect(scans).toHaveLength(2)
    const onItems = all.filter(
      ({ actions, on }) =>
        !actions.includes('dynamodb:Scan') &&
        actions.some((one) => one.startsWith('dynamodb:')) &&
        !('index' in on && on.index),
    )
    expect(onItems.length).toBeGreaterThan(50)
    expect(onItems.filter(({ on }) => on.kind !== 'table' || !on.keys?.length)).toEqual([])
  })

  it('are all used: every method is in a mode', async () => {
    for (const file of granted) {
      for (const one of Object.values((await import(join(ROOT, file))) as Record<string, unknown>)) {
        if (Array.isArray(one)) continue
        const { methods, modes } = one as PortGrants
        // Grants that are only part of other adapters' grants have no modes.
        if (Object.keys(modes).length === 0) continue
        const called = Object.values(modes).flatMap((mode) => ('methods' in mode ? mode.methods : mode))
        expect(new Set(called), file).toEqual(new Set(Object.keys(methods)))
      }
    }
  })
})
