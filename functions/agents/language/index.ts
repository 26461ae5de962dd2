import { defineAgent } from 'orchestrator/agent'
import { classify } from './classify.ts'
import { extract } from './extract.ts'
import { generateCode } from './generate-code.ts'
import { judgeOutput } from './judge-output.ts'
import {
  ClassifiedSchema,
  ClassifySchema,
  ExtractedSchema,
  ExtractSchema,
  GeneratedSchema,
  GenerateSchema,
  JudgedSchema,
  JudgeSchema,
  WriteSchema,
  WrittenSchema,
} from './schemas.ts'
import { writeText } from './write-text.ts'

export default defineAgent({
  id: 'language',
  version: '1.1.0',
  typicalSeconds: 8,
  description: 'Classifies, extracts, judges, writes texts and code by the language models of the stage.',
  // Every one, because a judge is another model than the one that it judges.
  needs: { models: ['*'], files: false },
  capabilities: {
    'text.classify': {
      description: 'The label, or labels, of a text from a list; without a model by words in common.',
      input: ClassifySchema,
      output: ClassifiedSchema,
    },
    'text.extract': {
      description: 'What a JSON Schema asks for, found in a text. Needs a model.',
      input: ExtractSchema,
      output: ExtractedSchema,
    },
    'text.write': {
      description: 'A text for a task, or a draft revised. Needs a model.',
      input: WriteSchema,
      output: WrittenSchema,
    },
    'code.generate': {
      description: 'Code with tests for a task, or code mended by its problems. Needs a model.',
      input: GenerateSchema,
      output: GeneratedSchema,
    },
    'evaluate.judge': {
      description: 'How good an output is by a rubric, with reasons and checked quotations. Needs a model.',
      input: JudgeSchema,
      output: JudgedSchema,
    },
  },
  limits: { timeoutSeconds: 300, memoryMb: 512 },
  async execute(call, context) {
    if (call.capability === 'text.classify') return classify(call.input, context)
    if (call.capability === 'text.extract') return extract(call.input, context)
    if (call.capability === 'text.write') return writeText(call.input, context)
    if (call.capability === 'evaluate.judge') return judgeOutput(call.input, context)
    return generateCode(call.input, context)
  },
})
