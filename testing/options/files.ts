import { FileReferenceSchema } from '../../shared/domain/file-reference.ts'
import type { Issue } from '../../shared/domain/issue.ts'
import { issuesAt, issuesOfMembers, notRight, wrong } from './check.ts'

const KeySchema = FileReferenceSchema.shape.$file

/** What is wrong with the files of a test: a key that is not a valid file reference could not be named by any input. */
export const issuesOfFiles = (files: unknown): Issue[] =>
  files === undefined
    ? []
    : issuesOfMembers('files', files, (place, content, key) => [
        ...issuesAt(place, KeySchema, key, 'the key'),
        ...(key.endsWith('/') ? [wrong(place, 'a key names a file; this is a folder')] : []),
        ...(typeof content === 'string' || content instanceof Uint8Array
          ? []
          : [notRight(place, content, 'text or bytes (a Uint8Array)')]),
      ])
