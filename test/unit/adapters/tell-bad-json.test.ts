import { expect, it } from 'vitest'
import { tellBadJson } from '../../../functions/telemetry/tell-bad-json.ts'
import { faultOf } from '../../../shared/domain/fault.ts'

/** As the agents' functions have it. */
class Told extends Response {
  declare json: () => Promise<unknown>
}
Told.prototype.json = function json(this: Response) {
  return Response.prototype.json.call(this)
}
tellBadJson(Told)

const answer = (body: string): Told =>
  Object.defineProperty(new Told(body, { headers: { 'content-type': 'text/html' } }), 'url', {
    value: 'https://api.example.com/orders?key=secret',
  })

async function readOrders(body: string): Promise<unknown> {
  return answer(body).json()
}

it('tells a body that is no JSON with where it was read, and whose it is', async () => {
  const error = await readOrders('<html>').catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(SyntaxError)
  expect(String(error)).toMatch(
    /is not valid JSON \(the answer of https:\/\/api\.example\.com\/orders is 200, text\/html\)$/,
  )
  expect(faultOf(error).stack).toMatch(/at readOrders .*tell-bad-json\.test\.ts/)
})

it('reads what is JSON, and leaves other errors as they are', async () => {
  expect(await readOrders('{"a":1}')).toEqual({ a: 1 })
  const read = answer('1')
  await read.json()
  await expect(read.json()).rejects.toThrow(TypeError)
})
