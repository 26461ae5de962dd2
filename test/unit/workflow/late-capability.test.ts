import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { bindWorkflow } from '../../../shared/planner/bind-workflow.ts'
import { unservedSteps } from '../../../shared/planner/unserved-steps.ts'
import { WorkflowSchema } from '../../../shared/workflow/schema.ts'
import { capabilitiesOf } from '../../../shared/workflow/step-capability.ts'
import { needsOfStep } from '../../../shared/workflow/step-needs.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import { typedManifest } from '../../support/agents/make-agent.ts'

const CATALOGUE = {
  agents: [
    typedManifest('shouter', 'text.shout', {
      input: z.object({ text: z.string() }),
      output: z.object({ said: z.string() }),
    }),
    typedManifest('counter', 'text.count', {
      input: z.object({ list: z.array(z.string()) }),
      output: z.object({ count: z.number() }),
    }),
  ],
  workflows: [],
}

/** A line for each issue, with its place. */
const issuesIn = (step: string, output = ''): string[] =>
  validateWorkflow(
    `name: w
input: { type: object, properties: { how: { type: string }, n: { type: number }, loud: { type: boolean } } }
steps:
  say:
    input: { text: "hello" }
${step
  .split('\n')
  .map((line) => `    ${line.trim()}`)
  .join('\n')}
${output}`,
    { catalogue: CATALOGUE },
  ).issues.map(({ code, line, column, message }) => `${line}:${column} ${code} ${message}`)

const STATED = 'oneOf: [text.shout, text.count]\nbind: late'

describe('a capability that is an expression', () => {
  it.each<[string, string, string[]]>([
    ['is right with oneOf and bind: late', `capability: "{% $input.how %}"\n${STATED}`, []],
    [
      'does not state what it may come to',
      'capability: "{% $input.how %}"\nbind: late',
      [
        '6:5 missing-field capability is "{% $input.how %}", an expression: state every capability that it may come to, oneOf: [text.summarize, ...]',
      ],
    ],
    [
      'is bound early',
      'capability: "{% $input.how %}"\noneOf: [text.shout]\nbind: early',
      [
        '8:5 invalid-value bind is "early", and the capability is an expression, which is evaluated when the step begins: say bind: late',
      ],
    ],
    [
      'states nothing',
      'capability: "{% $input.how %}"\noneOf: []\nbind: late',
      [
        '7:5 invalid-value oneOf is []; it must be a list of 1 to 20 members, each of them text of at most 64 characters (a capability is lower case words joined by dots, e.g. text.summarize)',
      ],
    ],
    [
      'states one twice',
      'capability: "{% $input.how %}"\noneOf: [text.shout, text.shout]\nbind: late',
      [
        '7:5 invalid-value oneOf is ["text.shout","text.shout"]; "text.shout" is there more than once; each member stands for itself, once',
      ],
    ],
    [
      'is named, beside a list',
      'capability: text.shout\noneOf: [text.shout]',
      [
        '7:5 invalid-value oneOf is ["text.shout"], and says nothing beside capability "text.shout"; it states what an expression for the capability may come to: capability: "{% ... %}"',
      ],
    ],
    [
      'is a part of a text',
      'capability: "text.{% $input.how %}"\nbind: late\noneOf: [text.shout]',
      [
        '6:5 invalid-value capability is "text.{% $input.how %}"; a capability is lower case words joined by dots, e.g. text.summarize, at most 64 characters, or an expression "{% ... %}" for one',
      ],
    ],
    [
      'mentions an unknown name',
      `capability: "{% $input.hwo %}"\n${STATED}`,
      ['6:28 unknown-field $input has no "hwo"; did you mean "how"? (known: how, loud, n)'],
    ],
    [
      'is never text',
      `capability: "{% $input.n %}"\n${STATED}`,
      [
        '6:5 wrong-type capability is a number; a capability is one of those in oneOf: text.shout, text.count',
      ],
    ],
    [
      'is never one of them',
      `capability: "{% $input.loud ? 'text.shuot' : 'text.sing' %}"\n${STATED}`,
      [
        '6:35 invalid-value the expression may come to "text.shuot", which is none of those in oneOf; did you mean "text.shout"? (known: text.count, text.shout)',
        '6:50 invalid-value the expression may come to "text.sing", which is none of those in oneOf; known: text.count, text.shout',
      ],
    ],
    ...(
      [
        ['in one branch', "$input.loud ? 'text.count' : 'text.shuot'", 50],
        [
          'in a branch of a branch',
          "$input.loud ? ($input.n > 1 ? 'text.shuot' : $input.how) : 'text.count'",
          51,
        ],
        ['in place of nothing', "$input.how ?? 'text.shuot'", 35],
        ['in place of what is false', "$input.how ?: 'text.shuot'", 35],
        ['at the end of a block', "($n := 'x'; 'text.shuot')", 33],
        ['by a variable', "($n := 'text.shuot'; $n)", 28],
        ['joined', "'text.' & 'shuot'", 21],
        ['in a list', "['text.count', 'text.shuot'][$input.n]", 36],
        ['in a map', "$lookup({ 'a': 'text.count', 'b': 'text.shuot' }, $input.how)", 55],
        ['by a member of a map', "{ 'a': 'text.count', 'b': 'text.shuot' }.b", 47],
        ['with escapes', "$input.loud ? 'text.count' : 'text.shu\\\\u006ft'", 50],
      ] as [string, string, number][]
    ).map(([where, text, column]): [string, string, string[]] => [
      `may be none of them: ${where}`,
      `capability: "{% ${text} %}"\n${STATED}`,
      [
        `6:${column} invalid-value the expression may come to "text.shuot", which is none of those in oneOf; did you mean "text.shout"? (known: text.count, text.shout)`,
      ],
    ]),
    ...[
      "$input.how = 'loud' ? 'text.shout' : 'text.count'",
      "$lookup({ 'text.sing': 'text.shout' }, 'text.sing')",
      "'text.shuot' = $input.how ? 'text.shout' : $input.how",
      "$replace('text.shuot', 'uo', 'ou')",
      "{ 'a': 'text.count', 'b': 'text.shuot' }.a",
      "($n := 'a'; $n := 'text.shout'; $n)",
      "$lookup($input, 'text.sing')",
    ].map((text): [string, string, string[]] => [
      `may be one of them: ${text}`,
      `capability: "{% ${text} %}"\n${STATED}`,
      [],
    ]),
    [
      'knows no item without a list',
      `capability: "{% $item %}"\n${STATED}`,
      ['6:21 unknown-name $item is known in the input of a step with forEach, and in the steps inside one'],
    ],
    [
      'sees the item of its list',
      `capability: "{% $item %}"\nforEach: "{% ['text.shout'] %}"\n${STATED}`,
      [],
    ],
  ])('%s', (_what, step, expected) => {
    expect(issuesIn(step)).toEqual(expected)
  })

  it('has the output of any of them, and an input that one of them takes', () => {
    const late = `capability: "{% $input.how %}"\n${STATED}`
    expect(issuesIn(late, 'output: "{% [$steps.say.said, $steps.say.count] %}"')).toEqual([])
    expect(issuesIn(late, 'output: "{% $steps.say.sum %}"')[0]).toContain('has no "sum"')
    const wrong = validateWorkflow(
      {
        name: 'w',
        steps: {
          say: {
            capability: '{% $task.id %}',
            oneOf: ['text.shout', 'text.count'],
            bind: 'late',
            input: { n: 1 },
          },
        },
      },
      { catalogue: CATALOGUE },
    )
    expect(wrong.issues[0]?.message).toContain('what text.shout takes')
  })

  it('is waited for: the steps that it mentions come first', () => {
    const { steps } = WorkflowSchema.parse({
      name: 'w',
      steps: {
        route: { capability: 'echo' },
        say: { capability: '{% $steps.route.how %}', oneOf: ['text.shout'], bind: 'late' },
      },
    })
    const say = steps.say
    if (!say || !('capability' in say)) throw new Error('no step')
    expect([...needsOfStep(say)]).toEqual(['route'])
    expect(capabilitiesOf(say)).toEqual(['text.shout'])
  })

  it('is refused at planning when nobody offers what it may come to', () => {
    const workflow = WorkflowSchema.parse({
      name: 'w',
      steps: { say: { capability: '{% $input.how %}', oneOf: ['text.shout', 'text.shuot'], bind: 'late' } },
    })
    const { issues } = bindWorkflow(workflow, CATALOGUE.agents, () => ({ refusals: [] }))
    expect(issues).toEqual([
      {
        code: 'unknown-capability',
        path: 'steps.say.oneOf[1]',
        message:
          'no agent offers "text.shuot", which step "say" may come to call; did you mean "text.shout"? (known: text.count, text.shout)',
      },
    ])
    expect(unservedSteps(workflow, { agents: CATALOGUE.agents, workflows: [] })).toEqual([
      {
        place: 'say',
        issue: {
          code: 'unknown-capability',
          path: 'steps.say.oneOf[1]',
          message:
            'no agent here offers "text.shuot"; did you mean "text.shout"? (known: text.count, text.shout)',
        },
      },
    ])
  })
})
