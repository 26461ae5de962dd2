import { testAgent } from '../../testing/index.ts'
import agent from './calling-agent.ts'
import { type Figure, figureOf } from './figure.ts'

const TURNS = 50

/** The gate alone: ports in memory, and a scripted model that answers at once. */
export async function measureInMemory({ calls, loops }: { calls: number; loops: number }): Promise<Figure[]> {
  const run = async (asked: object): Promise<number[]> => {
    const { output } = await testAgent(agent, {
      input: { task: JSON.stringify(asked) },
      models: ({ nth }) =>
        'name' in asked && nth < TURNS ? { calls: [{ name: 'step', input: { nth } }] } : 'Hello.',
    })
    return JSON.parse((output as { text: string }).text) as number[]
  }
  await run({ kind: 'gate', times: 10 })
  const gate = await run({ kind: 'gate', times: calls })
  const turns: number[] = []
  for (let at = 0; at < loops; at++) turns.push(...(await run({ kind: 'loop', times: TURNS, name: 'loop' })))
  return [
    figureOf({ name: 'a call by the gate, in memory', unit: 'ms' }, gate),
    figureOf(
      { name: `turns of runTools, loops of ${TURNS}, in memory`, unit: '/s' },
      turns.map((one) => 1_000 / one),
    ),
  ]
}
