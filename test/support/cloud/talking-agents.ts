import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from '../../../shared/client/index.ts'
import { replaceAgent, TEMPLATE, type Template } from './altered-assembly.ts'

export const talkers = (count: number): string[] => Array.from({ length: count }, (_, n) => `talker${n}`)

/** The assembly with a function for each of so many agents that talk (`talking-agent.ts`), each a copy of the buyer's. */
export async function talkingAssembly(count: number): Promise<string> {
  const folder = await replaceAgent('buyer', join(import.meta.dirname, '../agents/talking-agent.ts'))
  const file = join(folder, TEMPLATE)
  const template = JSON.parse(readFileSync(file, 'utf8')) as Template
  const own = Object.entries(template.Resources).filter(([id]) => id.includes('Agentbuyer'))
  for (const talker of talkers(count))
    for (const [id, resource] of own) {
      const text = JSON.stringify(resource)
        .replaceAll('Agentbuyer', `Agent${talker}`)
        .replaceAll('agent-buyer', `agent-${talker}`)
      template.Resources[id.replace('Agentbuyer', `Agent${talker}`)] = JSON.parse(text) as never
    }
  writeFileSync(file, JSON.stringify(template))
  return folder
}

/** Registers them, as a team that has deployed them. */
export async function registerTalkers(ask: Client, count: number): Promise<void> {
  for (const id of talkers(count))
    await ask('registerAgent', {
      id,
      version: '1.0.0',
      description: 'for tests',
      capabilities: [{ name: 'talk', description: 'for tests', inputSchema: {}, outputSchema: {} }],
      messages: { topics: [] },
      functionArn: `arn:aws:lambda:us-east-1:000000000000:function:orchestrator-agent-${id}`,
    })
}

/** A workflow in which each of so many agents sends messages to others, as `to` says. */
export const talkWorkflow = (count: number, { log, to, pause = 0 }: Talk) => ({
  name: 'talk',
  steps: {
    ...Object.fromEntries(
      talkers(count).map((id, at) => [
        id,
        {
          capability: 'talk',
          agent: id,
          input: { log, to: to(at), pause },
          timeoutSeconds: 300,
          retry: { maxAttempts: 10, intervalSeconds: 1, backoffRate: 1 },
        },
      ]),
    ),
    // Their task is open until all is handled.
    end: { wait: { message: {}, timeoutSeconds: 3_600 } },
  },
})

export type Talk = {
  /** The file in which messages are noted. */
  log: string
  /** To whom the agent at this place sends messages, in order. */
  to: (at: number) => string[]
  pause?: number
}

export type Handled = { id: string; from: string; to: string; n: number; sent: number; begun: number }

/** What was noted, in the order in which it was. */
export const handledIn = (log: string): Handled[] =>
  readFileSync(log, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [id = '', from = '', to = '', ...numbers] = line.split(' ')
      const [n = 0, sent = 0, begun = 0] = numbers.map(Number)
      return { id, from, to, n, sent, begun }
    })

/** Messages that were noted twice, and those that came after a later one of their sender to their recipient. */
export function faultsIn(handled: readonly Handled[]): { doubled: number; outOfOrder: number } {
  const lanes = Map.groupBy(handled, ({ from, to }) => `${from} ${to}`)
  const isLate = (lane: readonly Handled[], at: number): boolean =>
    at > 0 && (lane[at]?.n ?? 0) <= (lane[at - 1]?.n ?? 0)
  return {
    doubled: handled.length - new Set(handled.map(({ id }) => id)).size,
    outOfOrder: [...lanes.values()].reduce(
      (sum, lane) => sum + lane.filter((_, at) => isLate(lane, at)).length,
      0,
    ),
  }
}
