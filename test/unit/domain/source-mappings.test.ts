import { SourceMap } from 'node:module'
import { expect, it } from 'vitest'
import { readMappings, writeMappings } from '../../../shared/domain/source-mappings.ts'

type Segment = [line: number, column: number, source: number, sourceLine: number, sourceColumn: number]

function segmentsIn(mappings: string): Segment[] {
  const found: Segment[] = []
  readMappings(mappings, (...segment) => found.push(segment))
  return found
}

function textOf(segments: readonly Segment[]): string {
  const written = writeMappings()
  for (const segment of segments) written.add(...segment)
  return written.text()
}

const SEGMENTS: Segment[] = [
  [0, 0, 0, 0, 0],
  [0, 7, 1, 12, 4],
  [0, 9, -1, 0, 0],
  [0, 20_000, 0, 1_000_000, 3],
  [3, 2, 2, 0, 0],
  [3, 2_000_000, 0, 5, 0],
]

it('are read as they were written', () => {
  expect(segmentsIn(textOf(SEGMENTS))).toEqual(SEGMENTS)
})

it('are written as Node.js reads them', () => {
  const map = new SourceMap({
    version: 3,
    file: 'x',
    sources: ['a', 'b', 'c'],
    sourcesContent: [],
    names: [],
    sourceRoot: '',
    mappings: textOf(SEGMENTS),
  })
  expect(map.findEntry(0, 8)).toMatchObject({ originalSource: 'b', originalLine: 12, originalColumn: 4 })
  expect(map.findEntry(0, 30_000)).toMatchObject({ originalSource: 'a', originalLine: 1_000_000 })
  expect(map.findEntry(3, 5)).toMatchObject({ originalSource: 'c', originalLine: 0, originalColumn: 0 })
})

it('may have names, which are skipped', () => {
  expect(segmentsIn('AAAAA,IAAC;;CACC')).toEqual([
    [0, 0, 0, 0, 0],
    [0, 4, 0, 0, 1],
    [2, 1, 0, 1, 2],
  ])
})

it.each(['!', 'A!', 'g', 'AAAA,é'])('are refused where a character is no digit: %s', (text) => {
  expect(() => segmentsIn(text)).toThrow('is no digit')
})
