/** An agent of a project that gives its secret away in every way that its input names. */
export const LEAKY_AGENT = `
import { defineAgent, FinalError, RetryableError } from 'orchestrator/agent'
import { inspect } from 'node:util'
import * as z from 'zod'
import { callBank, chatter, writeLater, writeLog } from './bank.ts'

const WAYS = {
  'an error': async ({ secret }) => { throw new Error('401 for ' + (await secret('BANK'))) },
  'an error of a library': async ({ secret }) => callBank(await secret('BANK')),
  'details': async ({ secret }) => {
    throw new FinalError('refused', { details: { request: { headers: { authorization: 'Bearer ' + (await secret('BANK')) } } } })
  },
  'a transient error': async ({ secret }) => { throw new RetryableError('busy: ' + (await secret('BANK'))) },
  'a long error': async ({ secret }) => { throw new Error('x'.repeat(1285) + (await secret('BANK')) + 'y'.repeat(9000)) },
  'a text that is thrown': async ({ secret }) => { throw 'no: ' + (await secret('BANK')) },
  'a rejection that nothing awaits': async ({ secret }) => {
    void Promise.reject(new Error('lost: ' + (await secret('BANK'))))
    return new Promise(() => {})
  },
  'a rejection with a text': async ({ secret }) => {
    void Promise.reject('lost: ' + (await secret('BANK')))
    return new Promise(() => {})
  },
  'an exception in a timer': async ({ secret }) => {
    const key = await secret('BANK')
    setTimeout(() => { throw new TypeError('late: ' + key, { cause: new Error(key) }) })
    return new Promise(() => {})
  },
  'a text thrown in a timer': async ({ secret }) => {
    const key = await secret('BANK')
    setTimeout(() => { throw 'late: ' + key })
    return new Promise(() => {})
  },
  'an exit after a last word': async ({ secret }) => { process.stderr.write('goodbye ' + (await secret('BANK')) + '\\n'); process.exit(3) },
  'an output': async ({ secret }) => ({ token: await secret('BANK') }),
  'an output in base64': async ({ secret }) => ({ header: 'Basic ' + Buffer.from('me:' + (await secret('BANK'))).toString('base64') }),
  'an output that does not fit': async ({ secret }) => Symbol.for(await secret('BANK')),
  'lines of the console': async ({ secret }) => {
    const key = await secret('BANK')
    console.log('key', key)
    console.error({ headers: { key } }, inspect({ key }))
    console.warn('%s-%j', key, { url: 'https://bank.example/?k=' + encodeURIComponent(key) })
    console.log(key.slice(0, 14)); console.log(key.slice(14))
    return 'done'
  },
  'what a library writes': async ({ secret }) => { await chatter(await secret('BANK')); return 'done' },
  'a logger with a descriptor of its own': async ({ secret }) => { writeLog(await secret('BANK')); await writeLater(await secret('BANK')); return 'done' },
  'lines of the log': async ({ secret, log }) => {
    const key = await secret('BANK')
    log.info('using ' + key, { key, nested: { deep: [key] }, [key]: true, error: new Error(key) })
    log.warn(JSON.stringify({ json: JSON.stringify({ key }) }))
    return 'done'
  },
  'progress': async ({ secret, progress }) => { await progress(0.5, 'with ' + (await secret('BANK'))); return 'done' },
  'an effect': async ({ secret, once }) => (await once('pay', async () => 'paid by ' + (await secret('BANK')))).slice(0, 4),
  'a file': async ({ secret, files }) => files.write('key.txt', 'the key is ' + (await secret('BANK'))),
  'a prompt': async ({ secret, model }) => {
    await model.generate({ prompt: 'Use ' + (await secret('BANK')), system: 'key ' + (await secret('BANK')), maxOutputTokens: 50 })
    return 'done'
  },
  'a tool': async ({ secret, model }) => {
    const key = await secret('BANK')
    const tool = (name, run) => ({ name, description: 'x', schema: { type: 'object' }, run })
    const tools = [
      tool('balance', async () => ({ account: key, text: 'x'.repeat(40000) + key })),
      tool('transfer', async () => { throw new Error('refused for ' + key) }),
    ]
    const { text } = await model.runTools({ prompt: 'How much?', tools, maxOutputTokens: 50 })
    return text
  },
  'a model whose server quotes its key': async ({ model }) => model.generate({ model: 'keyed', prompt: 'x', maxOutputTokens: 50 }),
  'the secret of another': async ({ secret }) => secret('OTHER'),
}

export default defineAgent({
  id: 'leaky',
  version: '1.0.0',
  description: 'Gives its secret away.',
  needs: { secrets: ['BANK'], models: ['default', 'keyed'] },
  limits: { timeoutSeconds: 20 },
  capabilities: { 'leaky.leak': { description: 'x', input: z.object({ how: z.string() }), output: z.json() } },
  execute: ({ input }, context) => WAYS[input.how](context),
})
`

/** A library of the project. */
export const BANK = `
import fs, { writeSync } from 'node:fs'
const kept = process.stdout.write.bind(process.stdout)
export function writeLog(key) {
  kept('[kept] ' + key + '\\n')
  const line = Buffer.from('xx[pino] ' + key + '\\n')
  if (fs.writeSync(1, line, 2) !== line.length - 2) throw new Error('not written')
  if (writeSync(2, '[named] ' + key + '\\n') !== Buffer.byteLength('[named] ' + key + '\\n')) throw new Error('not written')
}
export const writeLater = (key) =>
  new Promise((resolve, reject) => fs.write(1, '[later] ' + key + '\\n', (error, n) => (error || n < 10 ? reject(error ?? n) : resolve())))
export function callBank(key) {
  const url = new URL('https://bank.example/accounts')
  url.searchParams.set('api_key', key)
  const response = { status: 401, config: { headers: { 'x-key': key }, url: url.href } }
  throw Object.assign(new Error('request to ' + url.href + ' failed'), { code: 'E_BANK', response, cause: new Error(JSON.stringify({ key })) })
}
export async function chatter(key) {
  process.stdout.write('[bank] debug: key=' + key + '\\n')
  process.stdout.write(Buffer.from('[bank] basic ' + Buffer.from(':' + key).toString('base64') + '\\n'))
  setTimeout(() => console.info('[bank] later', key))
  await new Promise((resolve) => setTimeout(resolve, 20))
}
`
