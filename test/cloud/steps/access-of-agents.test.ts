/** Policies, variables and parameters from an agent's file, in the local cloud. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { featureFlags, Orchestrator } from '../../../infra/index.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'

const ROOT = join(import.meta.dirname, '../../..')
const root = mkdtempSync(join(tmpdir(), 'access-'))
const write = (path: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text, { mode })
}

/** An agent that tells its variables, and reads a parameter with the role of its function. */
const agent = (id: string, needs: string): string => `
  import { defineAgent } from 'orchestrator/agent'
  import * as z from 'zod'
  const read = async (name) => {
    const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID } = process.env
    const answer = await fetch(AWS_ENDPOINT_URL, {
      method: 'POST',
      headers: {
        authorization: 'AWS4-HMAC-SHA256 Credential=' + AWS_ACCESS_KEY_ID + '/20260101/us-east-1/ssm/aws4_request, SignedHeaders=host, Signature=x',
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AmazonSSM.GetParameter',
      },
      body: JSON.stringify({ Name: name }),
    })
    const { Parameter, message } = await answer.json()
    return Parameter?.Value ?? message
  }
  export default defineAgent({
    id: '${id}',
    version: '1.0.0',
    description: 'Tells what it has.',
    needs: ${needs},
    capabilities: { '${id}.tell': { description: 'x', input: z.object({}), output: z.json() } },
    execute: async () => ({
      variables: [process.env.ORDERS_TABLE ?? null, process.env.DB_HOST ?? null, process.env.MISSING ?? null],
      orders: await read('/shop/orders'),
      other: await read('/shop/other'),
    }),
  })
`
const CLERK = `{
  policies: [{ actions: ['ssm:GetParameter'], resources: ['arn:\${partition}:ssm:\${region}:\${account}:parameter/shop/orders'] }],
  environment: { ORDERS_TABLE: '\${prefix}-orders', DB_HOST: { parameter: '/\${prefix}/db' }, MISSING: { parameter: '/none' } },
  vpc: { subnets: ['subnet-0123456789abcdef0'], securityGroups: ['sg-0123456789abcdef0'] },
}`

let api: LocalApi
beforeAll(async () => {
  mkdirSync(join(root, 'node_modules'))
  for (const [name, target] of [
    ['orchestrator', ROOT],
    ['zod', join(ROOT, 'node_modules/zod')],
  ] as const)
    symlinkSync(target, join(root, 'node_modules', name))
  write('agents/clerk/index.ts', agent('clerk', CLERK))
  write('agents/guest/index.ts', agent('guest', '{}'))
  write(
    'data/secrets.json',
    JSON.stringify({
      '/shop/orders': 'orders-of-the-shop',
      '/shop/other': 'of-others',
      '/orchestrator/db': 'db.local',
    }),
    0o600,
  )
  const app = new App({ outdir: join(root, 'cdk.out'), analyticsReporting: false, context: featureFlags() })
  await Orchestrator.create(app, { root, builtIn: false, stage: {} })
  app.synth()
  api = await startApi({ assembly: join(root, 'cdk.out'), dataFolder: join(root, 'data') })
}, 180_000)
afterAll(async () => {
  await api?.stop()
  rmSync(root, { recursive: true, force: true })
})

async function told(id: string): Promise<unknown> {
  const steps = { tell: { capability: `${id}.tell` } }
  const { taskId } = await api.submitOwn({ name: 'told', steps, output: '{% $steps.tell %}' }, {})
  const task = await api.ended(taskId)
  expect(task, JSON.stringify(task)).toMatchObject({ status: 'succeeded' })
  return api.resultOf(taskId)
}

it('an agent may do what its file says and nothing else, and has its variables', async () => {
  expect(await told('clerk')).toEqual({
    variables: ['orchestrator-orders', 'db.local', null],
    orders: 'orders-of-the-shop',
    other: expect.stringMatching(
      /orchestrator-runtime-\S*Agentclerk\S* is not authorized to perform: ssm:GetParameter/,
    ),
  })
})

it('another agent has neither', async () => {
  expect(await told('guest')).toEqual({
    variables: [null, null, null],
    orders: expect.stringContaining('is not authorized to perform: ssm:GetParameter'),
    other: expect.stringContaining('is not authorized to perform: ssm:GetParameter'),
  })
})

it('a parameter that is not there is told with what to write', async () => {
  expect(await api.secretProblems()).toEqual([
    expect.stringMatching(
      /^parameter \/none, of which orchestrator-agent-clerk has its variable MISSING, is not there: put \{"\/none": "\.\.\."\} into .*secrets\.json .*or set ORCHESTRATOR_SECRET_NONE; the variable is not set$/,
    ),
  ])
})
