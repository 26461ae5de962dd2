import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { afterAll, it } from 'vitest'
import { AGENT_PORTS, MODEL_PORTS } from '../../../functions/agent-ports.ts'
import { BundledFunction } from '../../../infra/constructs/bundled-function.ts'
import { giveSettings } from '../../../infra/constructs/port-grants.ts'
import { featureFlags } from '../../../infra/index.ts'
import { type Stage, stageWith } from '../../../infra/stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'settings-'))
writeFileSync(join(folder, 'index.js'), '')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it.each<[string, Partial<Stage>, string, string]>([
  ['counters', { statistics: 'own' }, 'STATISTICS', 'own'],
  ['transcripts', { transcripts: false }, 'KEEP_TRANSCRIPTS', 'no'],
  ['the size of files', { maxFileMb: 7 }, 'MAX_FILE_MB', '7'],
  ['the number of files', { maxTaskFiles: 9 }, 'MAX_TASK_FILES', '9'],
])('the host of an agent is told of %s as its stage says it', (_what, said, name, value) => {
  const scope = new Stack(new App({ analyticsReporting: false, context: featureFlags() }), 'S')
  const stage = stageWith(said, scope.node)
  const limits = { description: 'x', timeoutSeconds: 9, memoryMb: 128 }
  const target = new BundledFunction(scope, 'F', { stage, name: 'agent-x', folder, ...limits })
  giveSettings(target, { ...AGENT_PORTS, ...MODEL_PORTS }, stage)
  Template.fromStack(scope).hasResourceProperties('AWS::Lambda::Function', {
    Environment: { Variables: { [name]: value } },
  })
})
