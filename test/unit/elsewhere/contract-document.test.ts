import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { agentContractDocument, STATUSES } from '../../../shared/contracts/agent-contract-document.ts'
import { isJsonObject } from '../../../shared/domain/json.ts'
import { readAnswer } from '../../../shared/host/elsewhere/read-answer.ts'

const document = agentContractDocument()
const { schemas } = document.components as { schemas: Record<string, object> }

/** Bodies of each shape, as the document allows them. */
const EXAMPLES: Readonly<Record<string, object>> = {
  output: { output: { usd: 1 }, costUsd: 0.1, tokens: 3 },
  suspended: { timeoutSeconds: 60, heartbeatSeconds: 10 },
  problem: { title: 'No such city', detail: 'Atlantis' },
}
const NAMES: Readonly<Record<string, string>> = {
  output: 'Output',
  suspended: 'Suspended',
  problem: 'Problem',
}

const fits = (name: string, value: unknown): boolean => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  return ajv.validate(schemas[name] ?? false, value)
}

describe('the document of the contract', () => {
  it.each(STATUSES)('says of $status what the host makes of it: $means', ({ status, means, body, waits }) => {
    const example = EXAMPLES[body]
    expect(fits(NAMES[body] ?? '', example)).toBe(true)
    const reply = {
      kind: 'http' as const,
      // A status of the range that no other line names.
      status: Number(status.replace('4XX', '418').replace('5XX', '507').replace('3XX', '308')),
      headers: waits === 'must' ? { 'retry-after': '5' } : {},
      body: JSON.stringify(example),
      truncated: false,
    }
    expect(readAnswer(reply, new Date()).kind).toBe(means)
  })

  it.each<[schema: string, value: unknown, does: boolean]>([
    ['Output', {}, false],
    ['Output', { output: null }, true],
    ['Output', { output: 1, costUsd: -1 }, false],
    ['Suspended', { heartbeatSeconds: 1 }, false],
    ['LambdaAnswer', { output: 1 }, true],
    ['LambdaAnswer', { suspended: true }, true],
    ['LambdaAnswer', { error: { message: 'x' } }, true],
    ['LambdaAnswer', { error: {} }, false],
    ['LambdaAnswer', {}, false],
    ['Ping', { ping: true }, true],
    ['Call', { id: 'msg_1' }, false],
  ])('%s takes %j: %s', (schema, value, does) => {
    expect(fits(schema, value)).toBe(does)
  })

  it('refers only to what is in it', () => {
    const references: string[] = []
    const walk = (value: unknown): void => {
      if (Array.isArray(value)) for (const one of value) walk(one)
      else if (isJsonObject(value)) {
        if (typeof value.$ref === 'string') references.push(value.$ref)
        for (const one of Object.values(value)) walk(one)
      }
    }
    walk(document)
    expect(references.length).toBeGreaterThan(5)
    for (const reference of references)
      expect(Object.keys(schemas)).toContain(reference.replace('#/components/schemas/', ''))
  })
})
