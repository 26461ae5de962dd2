// Before TypeScript is loaded.
import './commonjs-names.ts'
import { getLibFiles, ts } from '@ts-morph/common'
import { boundedWork, isOrchestratorError, OrchestratorError } from 'orchestrator/agent'
import { SANDBOX_TYPES } from './sandbox-types.ts'
import type { Checked, CheckInput } from './schemas.ts'

const MOST_DIAGNOSTICS = 100
const MOST_MESSAGE = 2_000

const LIBRARY = '/lib/'
const PROJECT = '/project/'
const SANDBOX = '/sandbox/globals.d.ts'

/**
 * Syntax and types of files, which see nothing but each other and the language: nothing is read from this machine, and nothing of them runs. Throws
 * InvalidInputError for types that cannot be computed in time.
 */
export function checkFiles(input: CheckInput): Checked {
  const { files, timeoutSeconds } = input
  try {
    return boundedWork('the check', () => checkedOf(input), timeoutSeconds * 1_000)
  } catch (error) {
    if (!isOrchestratorError(error, 'InvalidInputError')) throw error
    const told = files.map(({ path }) => path).slice(0, 5)
    throw new OrchestratorError(
      'InvalidInputError',
      `the types of ${told.join(', ')} are not computed within ${timeoutSeconds} s; a type that refers to itself without end, or unions of thousands of members, take that long`,
      {},
      error,
    )
  }
}

function checkedOf({ files, strict, environment }: CheckInput): Checked {
  const texts = new Map(files.map(({ path, content }) => [`${PROJECT}${path}`, content]))
  if (environment === 'sandbox') texts.set(SANDBOX, SANDBOX_TYPES)
  const isTyped = files.some(({ path }) => /\.[cm]?tsx?$/.test(path))
  const program = ts.createProgram({
    rootNames: [...texts.keys()],
    options: optionsOf(strict && isTyped),
    host: hostOf(texts),
  })
  const found = files.flatMap(({ path }) => {
    const source = program.getSourceFile(`${PROJECT}${path}`)
    const syntax = program.getSyntacticDiagnostics(source)
    // Types of what cannot be parsed follow from the same mistake.
    return syntax.length > 0 ? syntax : program.getSemanticDiagnostics(source)
  })
  const all = [...program.getOptionsDiagnostics(), ...found].map(told)
  const errors = all.filter(({ severity }) => severity === 'error').length
  return { ok: errors === 0, files: files.length, errors, diagnostics: all.slice(0, MOST_DIAGNOSTICS) }
}

const optionsOf = (strict: boolean): ts.CompilerOptions => ({
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  allowImportingTsExtensions: true,
  allowJs: true,
  checkJs: true,
  noEmit: true,
  strict,
  skipLibCheck: true,
  types: [],
  jsx: ts.JsxEmit.Preserve,
  lib: ['lib.es2023.d.ts'],
})

/** Files in memory only. Those of the language are parsed once per process. */
function hostOf(texts: ReadonlyMap<string, string>): ts.CompilerHost {
  const textOf = (name: string): string | undefined =>
    name.startsWith(LIBRARY) ? libraries.get(name.slice(LIBRARY.length)) : texts.get(name)
  return {
    fileExists: (name) => textOf(name) !== undefined,
    readFile: textOf,
    getSourceFile: (name, version) => {
      const text = textOf(name)
      if (text === undefined) return undefined
      return name.startsWith(LIBRARY)
        ? parsedLibrary(name, text, version)
        : ts.createSourceFile(name, text, version)
    },
    directoryExists: (name) =>
      [...texts.keys()].some((path) => path.startsWith(`${name.replace(/\/$/, '')}/`)),
    getDirectories: () => [],
    getDefaultLibFileName: () => `${LIBRARY}lib.es2023.d.ts`,
    getDefaultLibLocation: () => LIBRARY.slice(0, -1),
    getCurrentDirectory: () => PROJECT.slice(0, -1),
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    writeFile: () => {},
  }
}

/** The declarations of the language, which the package carries as text: a bundle has no files of TypeScript beside it. */
const libraries = new Map(getLibFiles().map(({ fileName, text }) => [fileName, text]))
const parsed = new Map<string, ts.SourceFile>()

function parsedLibrary(
  name: string,
  text: string,
  version: ts.ScriptTarget | ts.CreateSourceFileOptions,
): ts.SourceFile {
  const known = parsed.get(name) ?? ts.createSourceFile(name, text, version)
  parsed.set(name, known)
  return known
}

function told({ file, start, code, category, messageText }: ts.Diagnostic): Checked['diagnostics'][number] {
  const { line, character } =
    file && start !== undefined ? file.getLineAndCharacterOfPosition(start) : { line: 0, character: 0 }
  return {
    file: file?.fileName.replace(PROJECT, '') ?? '',
    line: line + 1,
    column: character + 1,
    severity: category === ts.DiagnosticCategory.Error ? 'error' : 'warning',
    code: `TS${code}`,
    message: ts.flattenDiagnosticMessageText(messageText, '\n').slice(0, MOST_MESSAGE),
  }
}
