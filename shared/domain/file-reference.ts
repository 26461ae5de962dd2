import * as z from 'zod'
import { DEFAULT_TENANT } from './caller.ts'
import { isJsonObject, type Json } from './json.ts'
import { MOST_TENANT_CHARACTERS, TENANT_PATTERN } from './tenants.ts'

/**
 * Uploaded files are stored under this prefix of the bucket: `files/@<tenant>/<folder>/<path>`, those of the tenant `default` as
 * `files/<folder>/<path>`, as all were before there were tenants. No folder begins with an at sign, so that no key has two meanings.
 * References can name no objects but these and those of agents.
 */
export const FILES_PREFIX = 'files/'
/** Files that agents have written: `task-files/<tenant>/<task>/<file>/<name>`. */
export const TASK_FILES_PREFIX = 'task-files/'

/** The longest S3 key, in bytes of UTF-8. */
const MOST_KEY_BYTES = 1_024
/** The key is `files/`, an at sign and a tenant, a slash, a folder of 64 letters, a slash, and then the path. */
const MOST_PATH_BYTES = MOST_KEY_BYTES - FILES_PREFIX.length - (MOST_TENANT_CHARACTERS + 2) - 65

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

/** At most so many bytes in UTF-8. */
export const atMostBytes = (most: number, what: string) =>
  z.refine<string>((text) => bytesOf(text) <= most, {
    error: ({ input }) =>
      `${what} has at most ${most} bytes in UTF-8 (a key in S3 has ${MOST_KEY_BYTES}); this one has ${bytesOf(String(input))}`,
  })

/** Control characters, written out because JSON Schema validators may not support Unicode classes. */
const UNPRINTABLE = String.raw`\u0000-\u001f\u007f-\u009f`
const isText = z.refine<string>((text) => text.isWellFormed(), 'half of a surrogate pair is no text')

/** A relative path with forward slashes, without dot segments, control characters or lone surrogates: it becomes part of an S3 key. */
export const FilePathSchema = z
  .string()
  .min(1)
  .max(400)
  .regex(
    new RegExp(String.raw`^(?!(?:[\s\S]*/)?\.{0,2}(?:/|$))[^\\${UNPRINTABLE}]+$`, 'u'),
    'a file path is relative, with no empty, . or .. parts, and of printable letters',
  )
  .check(isText)
  .check(
    z.refine<string>(
      (text) => !text.includes('${filename}'),
      'S3 would put the name of the uploaded file in the place of ${filename}',
    ),
  )
  .check(atMostBytes(MOST_PATH_BYTES, 'a file path'))

const UPLOAD = `files/(?:@${TENANT_PATTERN}/)?[a-z0-9][a-z0-9_-]{0,63}`
const TENANT_OF_UPLOAD = new RegExp(`^${FILES_PREFIX}@(${TENANT_PATTERN})/`)
const OF_TASK = 'task-files/[A-Za-z0-9%._~-]{1,100}/t_[0-9a-z]{26}/f_[0-9a-z]{26}'

/** A file that was uploaded through `POST /files`, or (with a trailing slash) a folder of them, or a file that an agent has written. */
export const FileReferenceSchema = z.strictObject({
  $file: z
    .string()
    .max(MOST_KEY_BYTES)
    .regex(
      new RegExp(String.raw`^(?:${UPLOAD}|${OF_TASK})/(?!(?:[\s\S]*/)?\.\.?(?:/|$))[^${UNPRINTABLE}]*$`, 'u'),
      'a file reference is files/<folder>/<path>, files/@<tenant>/<folder>/<path>, or task-files/<tenant>/<task>/<file>/<name>',
    )
    .check(isText)
    .check(atMostBytes(MOST_KEY_BYTES, 'a file reference'))
    .describe('files/[@<tenant>/]<folder>/<path>, or task-files/...'),
})
/**
 * A reference to a file in an input or output: `{$file: 'files/<folder>/<path>'}` of one that was uploaded, or of a folder of them
 * (`files/@<tenant>/<folder>/<path>` by another tenant than `default`);
 * `{$file: 'task-files/<tenant>/<task>/<file>/<name>'}` of one that an agent has written.
 */
export type FileReference = z.infer<typeof FileReferenceSchema>

/** Whether a reference names a folder, which a trailing slash marks. */
export const isFolderReference = (reference: FileReference): boolean => reference.$file.endsWith('/')

/** What the reference to a file of an agent says; undefined of an uploaded one. */
export function taskOfReference({
  $file,
}: FileReference): { tenant: string; taskId: string; fileId: string } | undefined {
  if (!$file.startsWith(TASK_FILES_PREFIX)) return undefined
  const [, tenant = '', taskId = '', fileId = ''] = $file.split('/')
  return { tenant: decoded(tenant), taskId, fileId }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // No tenant is called so.
    return ''
  }
}

/** Begins the keys of what a tenant uploads. */
export const uploadsPrefix = (tenant: string): string =>
  tenant === DEFAULT_TENANT ? FILES_PREFIX : `${FILES_PREFIX}@${tenant}/`

/** Whether callers and agents of the tenant may read it: an upload, and a file of an agent, is its tenant's. */
export function mayRead(reference: FileReference, tenant: string): boolean {
  const of = taskOfReference(reference)
  const owner = of ? of.tenant : (TENANT_OF_UPLOAD.exec(reference.$file)?.[1] ?? DEFAULT_TENANT)
  return owner === tenant
}

/** Every file reference inside a value, with its path in the value. */
export function fileReferencesIn(value: Json, path = ''): { path: string; reference: unknown }[] {
  if (Array.isArray(value))
    return value.flatMap((member, index) => fileReferencesIn(member, `${path}[${index}]`))
  if (!isJsonObject(value)) return []
  if ('$file' in value) return [{ path, reference: value }]
  return Object.entries(value).flatMap(([key, member]) =>
    fileReferencesIn(member, path ? `${path}.${key}` : key),
  )
}

/** The most files that one folder reference may expand to. */
export const MAX_FILES = 2_000
