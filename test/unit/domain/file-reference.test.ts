import { expect, it } from 'vitest'
import { FilePathSchema, FileReferenceSchema } from '../../../shared/domain/file-reference.ts'

const messageOf = (path: string) => FilePathSchema.safeParse(path).error?.issues[0]?.message

it.each([
  'a.md',
  'รายงานการประชุมประจำเดือน.md',
  '議事録/二〇二六年.csv',
  'e\u0301.md',
  '\u{1F600}.md',
  'a b/c d.csv',
  '..a/b..',
  '.hidden',
  'ก'.repeat(317),
  'a'.repeat(400),
])('takes %s as a path and in a reference', (path) => {
  expect(FilePathSchema.safeParse(path).error).toBeUndefined()
  expect(FileReferenceSchema.safeParse({ $file: `files/${'f'.repeat(64)}/${path}` }).error).toBeUndefined()
})

it.each([
  '',
  '/a',
  'a//b',
  'a/',
  '.',
  '../..',
  'a/../b',
  'a/./b',
  '../a',
  'a/..',
  '\u2028/../a',
  'a\\b',
  'a\nb',
  'a\u0000',
  'a\u0085',
  'a\ud83d',
  '\ude00a',
  'a'.repeat(401),
])('refuses %j as a path', (path) => {
  expect(FilePathSchema.safeParse(path).success).toBe(false)
})

it.each(['files/a/../b', 'files/a/\ud83d', 'files/a/b\n', 'files/A/b', 'tasks/a/b', 'files/a'])(
  'refuses %j as a reference',
  ($file) => {
    expect(FileReferenceSchema.safeParse({ $file }).success).toBe(false)
  },
)

it('says how many bytes a path has, and how many it may have', () => {
  expect(messageOf('ก'.repeat(318))).toBe(
    'a file path has at most 953 bytes in UTF-8 (a key in S3 has 1024); this one has 954',
  )
})
