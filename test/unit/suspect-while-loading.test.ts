import { expect, it } from 'vitest'
import { exitError } from '../../local/lambda/how-it-ended.ts'
import { LambdaFunction } from '../../local/lambda/lambda-function.ts'
import { Quarantine } from '../../local/lambda/quarantine.ts'
import { RunningJournal } from '../../local/lambda/running-journal.ts'
import type { SandboxEvents } from '../../local/lambda/sandbox-process.ts'

const settings = {
  name: 'f',
  arn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
  entry: '',
  handler: '',
  timeoutSeconds: 1_000,
  memoryMb: 128,
  environment: {},
}

it('stays apart when its sandbox dies before the bundle is loaded, for which it can do nothing (L4)', async () => {
  const opened: { events: SandboxEvents; invoked: string[] }[] = []
  const sandboxes = {
    open(_settings: object, _environment: object, events: SandboxEvents) {
      const one = { events, invoked: [] as string[] }
      opened.push(one)
      const send = (message: { kind: string; payload?: string }) => {
        if (message.kind === 'invoke') one.invoked.push(String(message.payload))
      }
      return { pid: 2 ** 30, send, kill: async () => {} }
    },
    stop() {},
  }
  const journal = RunningJournal.inMemory()
  journal.blame('suspect')
  const one = new LambdaFunction(settings, { sandboxes, quarantine: new Quarantine(), journal })
  const answers = [one.invoke('"suspect"', 'suspect')]
  opened[0]?.events.ended(exitError('no memory to load it'))
  await new Promise((resolve) => setImmediate(resolve))
  answers.push(one.invoke('"other"'))
  for (const { events } of opened.slice(1)) events.message({ kind: 'ready' })
  expect(opened.map(({ invoked }) => invoked)).toEqual([[], ['"suspect"'], ['"other"']])
  await one.stop()
  await Promise.all(answers)
})
