import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScriptError, ScriptFile } from '../../../local/bedrock-runtime/script-file.ts'

describe('a script of models in a file', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'script-'))
  })
  afterAll(() => rm(folder, { recursive: true }))
  const saved = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
  const ruleOf = (...texts: string[]): string =>
    JSON.stringify({ rules: [{ answers: texts.map((text) => ({ text })) }] })

  it.each([
    ['what is no JSON', '{\n  "rules": [\n}', /not JSON or YAML:\n.*a\.json:3:1: /],
    [
      'an unknown field',
      '{\n "rules": [\n  {"anwsers": []}]\n}',
      /a\.json:3:4: rules\[0\]\.anwsers: .*did you mean "answers"/,
    ],
    [
      'an empty answer',
      'rules:\n  - answers:\n      - {}',
      /a\.json:3:9: rules\[0\]\.answers\[0\]: .*an answer has a text, json, calls or an error/,
    ],
    [
      'an error that Bedrock does not have',
      'rules:\n  - answers:\n      - error: {name: busy}',
      /a\.json:3:17: .*ThrottlingException/,
    ],
    ['an empty file', '', /a\.json:1:1: rules: is required/],
  ])('tells %s with its place', async (_what, text, expected) => {
    const opened = ScriptFile.open(await saved('a.json', text))
    await expect(opened).rejects.toThrow(ScriptError)
    await expect(opened).rejects.toThrow(expected)
  })

  it('is read again when it was saved, and begins anew', async () => {
    const file = await saved('b.json', ruleOf('one', 'two'))
    const script = await ScriptFile.open(file)
    const next = async () => (await script.player()).next('m', '')?.text
    expect([await next(), await next()]).toEqual(['one', 'two'])
    await saved('b.json', ruleOf('three!', 'four'))
    expect([await next(), await next()]).toEqual(['three!', 'four'])
  })

  it('refuses calls from a mistake on until it is mended', async () => {
    const file = await saved('c.json', ruleOf('one'))
    const script = await ScriptFile.open(file)
    await saved('c.json', '{"rules": []}')
    await expect(script.player()).rejects.toThrow(/c\.json:1:2: rules/)
    await expect(script.player()).rejects.toThrow(ScriptError)
    await saved('c.json', ruleOf('mended'))
    expect((await script.player()).next('m', '')?.text).toBe('mended')
  })
})
