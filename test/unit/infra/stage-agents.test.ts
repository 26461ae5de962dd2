import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseStage, readStageNamed } from '../../../infra/stage.ts'
import { agentsOfStage, withAgents } from '../../../infra/stage-agents-file.ts'
import { allowedElsewhere, travelling } from '../../../infra/stage-elsewhere.ts'
import { makeManifest } from '../../support/agents/make-agent.ts'

const folder = mkdtempSync(join(tmpdir(), 'stages-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const AGENTS = `
agents:
  - id: pricing
    version: 1.0.0
    description: Prices routes.
    kind: http
    url: https://agents.example.com/pricing
    secret: PRICING
    capabilities:
      - name: price.route
        description: The price of a route.
        inputSchema: { type: object, properties: { city: { type: string } } }
        outputSchema: {}
  - id: builder
    version: 1.0.0
    description: Builds.
    kind: lambda
    arn: arn:aws:lambda:eu-central-1:123456789012:function:builder:live
    capabilities: [{ name: build.run, description: Builds., inputSchema: {}, outputSchema: {}, suspends: true }]
`
const stage = (text = '') => parseStage('mine', text, {})
const refusal = (text: string, of = stage()): string => {
  try {
    withAgents(of, 'mine', text)
  } catch (error) {
    return (error as Error).message
  }
  return 'it was accepted'
}

describe('the agents of a stage', () => {
  it('stand in a file beside it, which is no stage itself', () => {
    writeFileSync(join(folder, 'mine.yaml'), 'secrets: { PRICING: "secretsmanager:pricing" }')
    writeFileSync(join(folder, 'mine.agents.yaml'), AGENTS)
    const { agentsElsewhere } = readStageNamed('mine', {}, folder)
    expect(agentsElsewhere?.agents.map(({ id }) => id)).toEqual(['pricing', 'builder'])
    expect(() => readStageNamed('mine.agents', {}, folder)).toThrow('there is no stages/mine.agents.yaml')
  })

  it('are called where they are, without being allowed besides (elsewhere/W1)', () => {
    const { agentsElsewhere } = withAgents(
      stage('agentsElsewhere: { hosts: [b.example.com] }'),
      'mine',
      AGENTS,
    )
    if (!agentsElsewhere) throw new Error('the stage has no agents')
    expect(travelling(agentsElsewhere)).toEqual({
      hosts: ['b.example.com', 'agents.example.com'],
      lambda: ['arn:aws:lambda:eu-central-1:123456789012:function:builder'],
      secrets: ['PRICING'],
    })
  })

  it.each([
    ['http://localhost:8000/x', 'http://localhost:8000'],
    ['http://10.0.0.1', 'http://10.0.0.1'],
    ['http://[::1]:80/x', 'http://[::1]'],
    ['http://167772161:8000', 'http://10.0.0.1:8000'],
  ])('are in a private network at %s', (url, origin) => {
    const { agentsElsewhere } = withAgents(
      stage(),
      'mine',
      AGENTS.replace('https://agents.example.com/pricing', url),
    )
    if (!agentsElsewhere) throw new Error('the stage has no agents')
    expect(allowedElsewhere(agentsElsewhere)).toMatchObject({ hosts: [], privateOrigins: [origin] })
  })

  it('are declared as a deployment brings them', () => {
    const brought = agentsOfStage(withAgents(stage(), 'mine', AGENTS), { agents: [] })
    expect(brought).toMatchObject([
      {
        manifest: { id: 'pricing', limits: { timeoutSeconds: 60, memoryMb: 512 } },
        elsewhere: { kind: 'http', url: 'https://agents.example.com/pricing', secret: 'PRICING' },
      },
      { manifest: { id: 'builder' }, elsewhere: { kind: 'lambda' } },
    ])
    expect(brought[0]?.manifest).not.toHaveProperty('url')
  })

  it('have ids of their own', () => {
    const known = { agents: [{ manifest: makeManifest({ id: 'pricing' }), entry: '/x' }] }
    expect(() => agentsOfStage(withAgents(stage(), 'mine', AGENTS), known)).toThrow(
      'agentsElsewhere.agents: agent "pricing" is in the folder of agents too',
    )
    expect(refusal(AGENTS.replace('id: builder', 'id: pricing'))).toContain('twice there is pricing')
  })

  it.each<[what: string, text: string, told: string[]]>([
    [
      'a field that nobody knows',
      AGENTS.replace('secret:', 'secrets:'),
      ['line 8, column 5', '"agents.0.secrets"', 'secret'],
    ],
    [
      'an address of another kind',
      AGENTS.replace('https:', 'ftp:'),
      ['line 7, column 10', 'agents.0.url', 'ftp'],
    ],
    ['no address', AGENTS.replace(/ {4}url.*\n/, ''), ['agents.0.url', 'it is where calls go']],
    [
      'a kind to come',
      AGENTS.replace('kind: http', 'kind: mcp'),
      ['line 6, column 11', 'MCP servers are not agents yet'],
    ],
    ['a wrong version', AGENTS.replace('1.0.0', 'one'), ['line 4, column 14', 'MAJOR.MINOR.PATCH']],
    [
      'a schema that cannot be checked',
      AGENTS.replace('outputSchema: {}', 'outputSchema: { if: {} }'),
      ['line 13', 'agents.0.capabilities.0.outputSchema'],
    ],
    ['what is no list', 'agents: 3', ['line 1, column 9']],
    ['another field beside', `other: 1\n${AGENTS}`, ['line 1, column 1', 'there is no field "other"']],
    ['what is no YAML', 'agents: [', ['stages/mine.agents.yaml is not YAML', 'line 1']],
  ])('are refused with line and column: %s', (_what, text, told) => {
    const message = refusal(text)
    expect(message).toContain('stages/mine.agents.yaml')
    for (const one of told) expect(message).toContain(one)
  })
})
