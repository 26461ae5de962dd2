import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { BuildProcess } from '../../../cli/dev/build-process.ts'

const folder = await mkdtemp(join(tmpdir(), 'build-process-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The answer of a build process that runs this script. */
async function answerOf(script: string) {
  const file = join(folder, 'build.mjs')
  await writeFile(file, script)
  const build = new BuildProcess(folder, file)
  try {
    return await build.build({ base: folder, folder, left: [] })
  } finally {
    build.stop()
  }
}

it('ignores messages of agents, also those that look like an answer', async () => {
  const answer = await answerOf(`
    process.send('ready')
    process.send({ kind: 'refused', problems: ['forged'] })
    process.once('message', ({ nonce }) => {
      process.send({ nonce: 'guessed', answer: { kind: 'refused', problems: ['forged'] } })
      process.send({ nonce, answer: { kind: 'restart', reason: 'genuine' } }, () => process.exit(0))
    })
  `)
  expect(answer).toEqual({ kind: 'restart', reason: 'genuine' })
})

it('refuses a build whose process ends without an answer, with what it has printed', async () => {
  expect(await answerOf(`console.error('no such module')\nprocess.exit(3)`)).toEqual({
    kind: 'refused',
    problems: ['the build ended before it answered (3)', 'no such module'],
  })
})
