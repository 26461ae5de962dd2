import * as z from 'zod'
import { atMostBytes, FilePathSchema, type FileReference, TASK_FILES_PREFIX } from './file-reference.ts'

/** How large a file may be and how many a task may have, where a stage says nothing else. */
export const DEFAULT_FILE_LIMITS: FileLimits = { maxBytes: 500 * 1024 * 1024, maxFiles: 1_000 }
export type FileLimits = { readonly maxBytes: number; readonly maxFiles: number }

/** The longest name of a file or folder on common file systems, in bytes. */
const MOST_PART_BYTES = 255
/** A key in S3 has 1,024 bytes; tenant, task and file take up to 171 of them. */
const MOST_NAME_BYTES = 800
/** They reverse or reorder what stands around them: `gpj.exe` would read as `exe.jpg`. */
const REORDERING = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

/** The name of a file that an agent writes: a relative path, such as `charts/sales.png`. */
export const FileNameSchema = FilePathSchema.check(
  z.refine<string>(
    (name) => name.split('/').every((part) => bytesOf(part) <= MOST_PART_BYTES),
    `each part of a file's name has at most ${MOST_PART_BYTES} bytes in UTF-8`,
  ),
)
  .check(
    z.refine<string>((name) => !REORDERING.test(name), 'a file name has no characters that reorder text'),
  )
  .check(
    z.refine<string>(
      (name) => name.split('/').every((part) => part === part.trim()),
      'no part of a file name begins or ends with a blank',
    ),
  )
  .check(atMostBytes(MOST_NAME_BYTES, "a file's name"))

const MEDIA_TYPE =
  /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?: *; *[\w!#$&^.+-]+=(?:[\w!#$&^.+-]+|"[\w !#$%&'()*+,./:;<=>?@[\]^`{|}~-]*"))*$/

/** A media type with its parameters: `text/csv; charset=utf-8`. */
export const ContentTypeSchema = z
  .string()
  .max(200)
  .regex(MEDIA_TYPE, 'a content type is written like text/csv or text/html; charset=utf-8')

/** What is written without saying what it is, where its name does not say it either. */
export const DEFAULT_TYPES = { text: 'text/plain; charset=utf-8', bytes: 'application/octet-stream' } as const

const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8',
  gif: 'image/gif',
  gz: 'application/gzip',
  html: 'text/html; charset=utf-8',
  jpg: 'image/jpeg',
  json: 'application/json',
  jsonl: 'application/jsonl',
  md: 'text/markdown; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: DEFAULT_TYPES.text,
  xml: 'application/xml',
  yaml: 'application/yaml',
  zip: 'application/zip',
}

/** The content type that a name's ending says. */
export function typeOfName(name: string, isText: boolean): string {
  const ending = name.toLowerCase().split('.').at(-1) ?? ''
  const known = Object.hasOwn(TYPES, ending) ? TYPES[ending] : undefined
  return known ?? (isText ? DEFAULT_TYPES.text : DEFAULT_TYPES.bytes)
}

/** A file that an agent has written, as it is kept with its task. */
export const TaskFileSchema = z.object({
  id: z.string().describe('f_ and 26 characters, which sort by time'),
  taskId: z.string(),
  /** The tenant of the task. */
  tenant: z.string(),
  name: z.string(),
  bytes: z.number().int(),
  contentType: z.string(),
  path: z.string().describe('The instance path of the step'),
  attempt: z.number().int(),
  agentId: z.string(),
  createdAt: z.string(),
  /** The invocation that has written it: its file counts when it has ended the step. */
  fence: z.string(),
  owner: z.string(),
})
export type TaskFile = z.infer<typeof TaskFileSchema>

/** The reference by which it stands in outputs and inputs; its `$file` is its key in the bucket. */
export const referenceOf = ({
  tenant,
  taskId,
  id,
  name,
}: Pick<TaskFile, 'tenant' | 'taskId' | 'id' | 'name'>): FileReference => ({
  $file: `${taskFilesPrefix({ tenant, id: taskId })}${id}/${name}`,
})

/** Begins the keys of all files of a task. */
export const taskFilesPrefix = ({ tenant, id }: { tenant: string; id: string }): string =>
  `${TASK_FILES_PREFIX}${encoded(tenant)}/${id}/`

/** The last part of a name or key. */
export const baseName = (name: string): string => name.split('/').at(-1) ?? name

/**
 * The header by which a browser saves a file under its own name instead of showing it: the name for old clients in ASCII, and
 * the whole of it as RFC 6266 has it.
 */
export function contentDisposition(name: string): string {
  const base = baseName(name)
  const ascii = base.replace(/[^\x20-\x7e]|["\\%]/gu, '_')
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded(base)}`
}

/** Percent-encoded, but for letters, digits and `-._~`. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
