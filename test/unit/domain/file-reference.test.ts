import { expect, it } from 'vitest'
import {
  FilePathSchema,
  FileReferenceSchema,
  mayRead,
  uploadsPrefix,
} from '../../../shared/domain/file-reference.ts'

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
  'ก'.repeat(303),
  'a'.repeat(400),
])('takes %s as a path and in a reference', (path) => {
  expect(FilePathSchema.safeParse(path).error).toBeUndefined()
  for (const tenant of ['default', 't'.repeat(40)]) {
    const $file = `${uploadsPrefix(tenant)}${'f'.repeat(64)}/${path}`
    expect(FileReferenceSchema.safeParse({ $file }).error).toBeUndefined()
  }
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

it.each([
  'files/a/../b',
  'files/a/\ud83d',
  'files/a/b\n',
  'files/A/b',
  'tasks/a/b',
  'files/a',
  'files/@a/b',
  'files/@/a/b',
  'files/@A/a/b',
  `files/@${'t'.repeat(41)}/a/b`,
  'files/@a/@b/c',
])('refuses %j as a reference', ($file) => {
  expect(FileReferenceSchema.safeParse({ $file }).success).toBe(false)
})

it('says how many bytes a path has, and how many it may have', () => {
  expect(messageOf('ก'.repeat(304))).toBe(
    'a file path has at most 911 bytes in UTF-8 (a key in S3 has 1024); this one has 912',
  )
})

const TENANTS = ['default', 'acme', 'acme-2', 'f']
const ofTask = (tenant: string) => `task-files/${tenant}/t_${'0'.repeat(26)}/f_${'0'.repeat(26)}/a`
const KEYS = TENANTS.flatMap((tenant) => [
  // A folder may be called as a tenant is.
  ...TENANTS.map((folder) => ({ tenant, $file: `${uploadsPrefix(tenant)}${folder}/f/a.csv` })),
  { tenant, $file: `${uploadsPrefix(tenant)}f/` },
  { tenant, $file: ofTask(tenant) },
])

it.each(KEYS)('$$file is read by $tenant, and by no other tenant', ({ tenant: owner, $file }) => {
  expect(FileReferenceSchema.safeParse({ $file }).error).toBeUndefined()
  expect(TENANTS.filter((tenant) => mayRead({ $file }, tenant))).toEqual([owner])
})
