import { expect, it } from 'vitest'
import type { ReloadEvent } from '../../../cli/dev/reload-event.ts'
import { tellReload } from '../../../cli/dev/tell-reload.ts'

it('tells the versions of what was reloaded', () => {
  const said: string[] = []
  const event: ReloadEvent = {
    event: 'reloaded',
    changed: ['agent echo', 'workflow simple', 'workflow fresh (new)'],
    milliseconds: 400,
    warnings: [],
    versions: [
      { what: 'agent echo', version: '1.0.0', was: '1.0.0' },
      { what: 'workflow simple', version: '4', was: '3' },
      { what: 'workflow fresh', version: '1' },
    ],
  }
  tellReload(event, { json: false, say: (text) => said.push(text) })
  expect(said.join('').split('\n').slice(1)).toEqual([
    '  agent echo: version 1.0.0, as before',
    '  workflow simple: version 4 (was 3)',
    '  workflow fresh: version 1',
  ])
})
