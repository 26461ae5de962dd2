import * as z from 'zod'

const MOST_FILES = 50
const MOST_CHARACTERS = 300_000

const FileSchema = z.object({
  path: z
    .string()
    .max(200)
    .regex(
      /^(?!\/)(?!.*(?:^|\/)\.{1,2}(?:\/|$))[\w@./-]+\.[cm]?[jt]sx?$/,
      'a path is relative, such as src/code.ts, of TypeScript or JavaScript',
    ),
  content: z.string(),
})

export const CheckSchema = z.object({
  files: z
    .array(FileSchema)
    .min(1)
    .max(MOST_FILES)
    .refine(
      (files) => new Set(files.map(({ path }) => path)).size === files.length,
      'two files have the same path',
    )
    .refine(
      (files) => files.reduce((sum, { content }) => sum + content.length, 0) <= MOST_CHARACTERS,
      `all files together have at most ${MOST_CHARACTERS} characters`,
    )
    .describe(
      'They may import each other; other modules are not known, but vitest and node:assert as code.run has them',
    ),
  strict: z.boolean().default(true),
  environment: z
    .enum(['sandbox', 'none'])
    .default('sandbox')
    .describe(
      'sandbox: the names that code.run has beside the language (console, input, test, expect); none: the language only',
    ),
  timeoutSeconds: z.number().int().min(1).max(60).default(30),
})
export type CheckInput = z.output<typeof CheckSchema>

export const CheckedSchema = z.object({
  ok: z.boolean().describe('Whether there is no error'),
  files: z.number(),
  errors: z.number().describe('How many errors there are, also where not all of them are listed'),
  diagnostics: z
    .array(
      z.object({
        file: z.string(),
        line: z.number(),
        column: z.number(),
        severity: z.enum(['error', 'warning']),
        code: z.string().describe('Such as TS2322'),
        message: z.string(),
      }),
    )
    .describe('The first 100, in the order of the files'),
})
export type Checked = z.output<typeof CheckedSchema>
