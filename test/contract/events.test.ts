import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DomainEventSchema, EVENT_DATA, type EventType } from '../../shared/domain/event.ts'

const FOLDER = join(import.meta.dirname, 'events')
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'))

it.each(files)('still reads %s as it was published', (file) => {
  const event = DomainEventSchema.parse(JSON.parse(readFileSync(join(FOLDER, file), 'utf8')))
  expect(EVENT_DATA[event.type].parse(event.data)).toEqual(event.data)
})

it('keeps an example of every type and version', () => {
  const types = Object.keys(EVENT_DATA) as EventType[]
  expect(files.sort()).toEqual(types.map((type) => `${type}.v1.json`).sort())
})
