import * as z from 'zod'
import { ask, type Model, requireModel } from '../_support/language/ask.ts'
import { fenced } from '../_support/language/fenced.ts'
import type { Generated, GenerateInput } from './schemas.ts'

const MOST_TOKENS = 8_000
const MOST_PROBLEMS = 20_000

const SYSTEM = `You write code for a sandbox that has nothing but the language (ES2023): no files, network, timers, modules or Node. The code is one ES module without imports, with named exports; where the task asks for a result, its default export is a function of the input.
Tests are in the form of Vitest: import { test, expect } from "vitest", and what they test from "./code.js".
Where you are given code and its problems, mend the code; leave right what is right. Where you are given tests, do not write others: the code must pass these.
Explain in one or two sentences what the code does, or what you have mended.`

/** Code for a task, or mended code. Throws ConfigError without a model. */
export async function generateCode(input: GenerateInput, context: Model): Promise<Generated> {
  requireModel(context, 'code.generate')
  const { task, language, code, tests, problems, instructions } = input
  const answer = z.object({
    code: z.string().min(1),
    ...(tests === undefined ? { tests: z.string() } : {}),
    explanation: z.string(),
  })
  const parts = [
    `Write ${language === 'typescript' ? 'TypeScript, with types' : 'JavaScript'}.`,
    fenced('task', task),
    tests === undefined ? '' : fenced('tests', tests),
    code === undefined ? '' : fenced('code to mend', code),
    problems === undefined
      ? ''
      : fenced('problems of the code', JSON.stringify(problems).slice(0, MOST_PROBLEMS)),
  ]
  const { value, engine } = await ask(context, {
    name: 'code',
    system: instructions === undefined ? SYSTEM : `${SYSTEM}\n${instructions}`,
    prompt: parts.filter((part) => part !== '').join('\n\n'),
    answer,
    maxOutputTokens: MOST_TOKENS,
  })
  const written: { tests?: unknown } = value
  return {
    code: withoutMarkdown(value.code),
    tests: tests ?? withoutMarkdown(String(written.tests)),
    explanation: value.explanation,
    language,
    engine,
  }
}

/** Models like to put code between marks of Markdown, also where a schema asks for the code. */
const withoutMarkdown = (code: string): string =>
  /^\s*```[\w-]*\n([\s\S]*?)\n?```\s*$/.exec(code)?.[1] ?? code
