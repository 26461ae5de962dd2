import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { runCli } from '../../support/cloud/run-cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'agents-add-'))
const declared = {
  id: 'pricing',
  version: '1.0.0',
  description: 'Prices routes.',
  capabilities: [{ name: 'price.route', description: '', inputSchema: {}, outputSchema: {} }],
}
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const asked: { path: string | undefined; body: unknown }[] = []
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = chunks.length > 0 ? (JSON.parse(Buffer.concat(chunks).toString()) as object) : undefined
    asked.push({ path: request.url, body })
    const elsewhere = { kind: 'http', url: 'https://agents.example.com', secret: 'PRICING' } as const
    const agent = { ...makeAgent({ id: 'pricing', capability: 'price.route' }), elsewhere }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(agent))
  })
})
let url = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => void asked.splice(0))

const run = (...args: string[]) => runCli(['agents', ...args], { ORCHESTRATOR_URL: url })

describe('orchestrator agents add', () => {
  it.each<[what: string, options: string[], place: object]>([
    [
      'a server',
      ['--url', 'https://agents.example.com', '--secret', 'PRICING'],
      { kind: 'http', url: 'https://agents.example.com', secret: 'PRICING' },
    ],
    [
      'a function',
      ['--lambda', 'arn:aws:lambda:eu-central-1:123456789012:function:agents-x'],
      { kind: 'lambda', arn: 'arn:aws:lambda:eu-central-1:123456789012:function:agents-x' },
    ],
  ])('registers %s', async (_what, options, place) => {
    const told = await run('add', file('agent.json', JSON.stringify(declared)), ...options)
    expect(asked).toEqual([{ path: '/api/v1/agents', body: { ...declared, ...place } }])
    expect(told).toMatchObject({ code: 0 })
    expect(told.stdout.replaceAll(/\s+/g, ' ')).toContain('is registered for price.route')
  })

  it('takes YAML that says itself where the agent is', async () => {
    const path = file('agent.yaml', 'id: pricing\nkind: http\nurl: https://agents.example.com\n')
    await run('add', path)
    expect(asked[0]?.body).toEqual({ id: 'pricing', kind: 'http', url: 'https://agents.example.com' })
  })

  it.each<[what: string, text: string, options: string[], message: RegExp]>([
    ['what is no YAML', 'id: [', [], /wrong\.yaml:\d+:\d+ is neither YAML nor JSON/],
    ['a list', '- id', [], /is no declaration of an agent/],
    ['two places', 'id: x', ['--url', 'https://a.example.com', '--lambda', 'arn'], /give one of them/],
    ['a secret of a function', 'id: x', ['--lambda', 'arn', '--secret', 'A'], /who may invoke a function/],
  ])('refuses %s', async (_what, text, options, message) => {
    const told = await run('add', file('wrong.yaml', text), ...options)
    expect(told.code).toBe(2)
    expect(told.stderr.replaceAll(/\s+/g, ' ')).toMatch(message)
    expect(asked).toEqual([])
  })

  it('shows of an agent where it runs', async () => {
    const { stdout } = await run('pricing')
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'runs elsewhere: https://agents.example.com, signed with PRICING',
    )
  })
})
