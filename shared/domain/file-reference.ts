import * as z from 'zod'
import { isJsonObject, type Json } from './json.ts'

/** Uploaded files are stored under this prefix of the bucket; callers cannot name any other object in it. */
export const FILES_PREFIX = 'files/'

/** The longest S3 key, in bytes of UTF-8. */
const MOST_KEY_BYTES = 1_024
/** The key is `files/`, a folder of 64 letters, a slash, and then the path. */
const MOST_PATH_BYTES = MOST_KEY_BYTES - FILES_PREFIX.length - 65

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

const atMostBytes = (most: number, what: string) =>
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

/** A file, or (with a trailing slash) a folder of files, that was uploaded through `POST /files`. */
export const FileReferenceSchema = z.strictObject({
  $file: z
    .string()
    .max(MOST_KEY_BYTES)
    .regex(
      new RegExp(
        String.raw`^files/[a-z0-9][a-z0-9_-]{0,63}/(?!(?:[\s\S]*/)?\.\.?(?:/|$))[^${UNPRINTABLE}]*$`,
        'u',
      ),
      'a file reference is files/<folder>/<path>',
    )
    .check(isText)
    .check(atMostBytes(MOST_KEY_BYTES, 'a file reference'))
    .describe('files/<folder>/<path>, as POST /files answers it'),
})
/** A reference to an uploaded file or folder in an input: `{$file: 'files/<folder>/<path>'}`. */
export type FileReference = z.infer<typeof FileReferenceSchema>

/** Whether a reference names a folder, which a trailing slash marks. */
export const isFolderReference = (reference: FileReference): boolean => reference.$file.endsWith('/')

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
