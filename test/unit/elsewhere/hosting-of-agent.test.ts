import { describe, expect, it } from 'vitest'
import { hostingOf } from '../../../shared/app/agents/hosting-of-agent.ts'
import { RegisterAgentSchema } from '../../../shared/contracts/register-agent.ts'
import { ElsewhereSettingsSchema } from '../../../shared/domain/elsewhere/settings.ts'

const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:'
const machines = {
  arnOf: (name: string) => `arn:aws:states:us-east-1:000000000000:stateMachine:orchestrator-${name}`,
}
const elsewhereHost = {
  functionArn: `${FUNCTION}orchestrator-elsewhere`,
  allowed: ElsewhereSettingsSchema.parse({
    hosts: ['agents.example.com'],
    lambda: [`${FUNCTION}agents-*`, `${FUNCTION}orch*`],
    secrets: ['PRICING'],
  }),
}

const asked = (place: object) =>
  RegisterAgentSchema.parse({
    id: 'pricing',
    version: '1.0.0',
    description: 'Prices routes.',
    capabilities: [{ name: 'price.route', description: '', inputSchema: {}, outputSchema: {} }],
    ...place,
  })
const hosting = (place: object, host: typeof elsewhereHost | undefined = elsewhereHost) =>
  hostingOf({ machines, elsewhereHost: host }, asked(place), 'default')

describe('an agent that is registered', () => {
  it('is called by the host of agents elsewhere, at its place, whose memory is that of a call', () => {
    expect(hosting({ kind: 'http', url: 'https://agents.example.com/p', secret: 'PRICING' })).toEqual({
      functionArn: elsewhereHost.functionArn,
      limits: { timeoutSeconds: 60, memoryMb: 512 },
      elsewhere: { kind: 'http', url: 'https://agents.example.com/p', secret: 'PRICING' },
    })
    expect(
      hosting({ kind: 'lambda', arn: `${FUNCTION}agents-x`, limits: { memoryMb: 2_048 } }),
    ).toMatchObject({ elsewhere: { kind: 'lambda', arn: `${FUNCTION}agents-x` }, limits: { memoryMb: 512 } })
  })

  it('is hosted by its own function as before, without a kind (function/F1)', () => {
    const functionArn = `${FUNCTION}orchestrator-agent-pricing`
    expect(hosting({ functionArn })).toEqual({ functionArn, limits: { timeoutSeconds: 60, memoryMb: 512 } })
  })

  it.each<[what: string, place: object, message: RegExp]>([
    ['nowhere', {}, /functionArn: it is not said where the agent is/],
    [
      'a function and a url',
      { functionArn: `${FUNCTION}x`, url: 'https://a.example.com' },
      /url: it goes with kind/,
    ],
    ['no url', { kind: 'http' }, /url: an agent of kind "http" has it/],
    ['no arn', { kind: 'lambda' }, /arn: an agent of kind "lambda" has it/],
    [
      'a secret of a function',
      { kind: 'lambda', arn: `${FUNCTION}agents-x`, secret: 'PRICING' },
      /secret: an agent of kind "lambda" has no secret/,
    ],
    ['a2a', { kind: 'a2a', url: 'https://agents.example.com' }, /kind: it is "a2a": A2A is not spoken yet/],
    ['mcp', { kind: 'mcp', url: 'https://agents.example.com' }, /MCP servers are not agents yet/],
    ['agentcore', { kind: 'agentcore', arn: `${FUNCTION}x` }, /put a Lambda function before it/],
    ['another host', { kind: 'http', url: 'https://evil.example.net' }, /not among the hosts/],
    [
      'a function of ours (elsewhere/W2)',
      { kind: 'lambda', arn: `${FUNCTION}orchestrator-api` },
      /this installation/,
    ],
    [
      'needs',
      { kind: 'http', url: 'https://agents.example.com', needs: { models: ['default'] } },
      /needs: an agent elsewhere brings what it needs/,
    ],
    [
      'a schema that cannot be checked',
      {
        kind: 'http',
        url: 'https://agents.example.com',
        capabilities: [{ name: 'a', description: '', inputSchema: { if: {} }, outputSchema: {} }],
      },
      /capabilities\[0\]\.inputSchema.*if/,
    ],
  ])('is refused with what is wrong: %s', (_what, place, message) => {
    expect(() => hosting(place)).toThrow(message)
  })

  it('is refused in a stage without agents elsewhere, with what to write', () => {
    expect(() =>
      hostingOf({ machines }, asked({ kind: 'http', url: 'https://agents.example.com' }), 'default'),
    ).toThrow(/kind: this stage calls no agents elsewhere: say in the stage .* agentsElsewhere/)
  })

  it.each([
    ['a kind that nobody knows', { kind: 'carrier-pigeon' }],
    ['an ARN of something else', { kind: 'lambda', arn: 'arn:aws:s3:::bucket' }],
    ['an address with a key', { kind: 'http', url: 'https://agents.example.com?key=x' }],
    ['a name that is none of a secret', { kind: 'http', url: 'https://a.example.com', secret: 'whsec_abc' }],
  ])('has no such field: %s', (_what, place) => {
    expect(() => asked(place)).toThrow()
  })
})
