import * as z from 'zod'
import { type AgentContext, type DefinedAgent, defineAgent } from '../../../shared/agent/index.ts'

export type Work = (input: unknown, context: AgentContext) => Promise<unknown>
type Given = Pick<Parameters<typeof defineAgent>[0], 'limits' | 'price' | 'tenants'> & {
  input?: z.ZodType
  output?: z.ZodType
}

/** The agent "worker" with the capability work.do, whose work a test decides; the schemas accept anything by default. */
export const workingAgent = (
  work: Work,
  { input = z.unknown(), output = z.unknown(), ...more }: Given = {},
): DefinedAgent =>
  defineAgent({
    id: 'worker',
    version: '1.0.0',
    description: 'for tests',
    capabilities: { 'work.do': { description: 'works', input, output } },
    execute: (call, context) => work(call.input, context),
    ...more,
  })
