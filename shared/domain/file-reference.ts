import * as z from 'zod'
import { isJsonObject, type Json } from './json.ts'

/** Uploaded files live under this prefix of the bucket; nothing else in it can be named by a caller. */
export const FILES_PREFIX = 'files/'

/** A file, or (with a trailing slash) a folder of files, that was uploaded through `POST /files`. */
export const FileReferenceSchema = z.strictObject({
  $file: z
    .string()
    .regex(
      /^files\/[a-z0-9][a-z0-9_-]{0,63}\/(?!.*(?:^|\/)\.\.?(?:\/|$)).*$/,
      'a file reference is files/<folder>/<path>',
    )
    .max(600),
})
export type FileReference = z.infer<typeof FileReferenceSchema>

export const isFolderReference = (reference: FileReference): boolean => reference.$file.endsWith('/')

/** Every file reference inside a value, with the path at which it stands. */
export function fileReferencesIn(value: Json, path = ''): { path: string; reference: unknown }[] {
  if (Array.isArray(value))
    return value.flatMap((member, index) => fileReferencesIn(member, `${path}[${index}]`))
  if (!isJsonObject(value)) return []
  if ('$file' in value) return [{ path, reference: value }]
  return Object.entries(value).flatMap(([key, member]) =>
    fileReferencesIn(member, path ? `${path}.${key}` : key),
  )
}

/** What one reference may stand for. */
export const MAX_FILES = 2_000
