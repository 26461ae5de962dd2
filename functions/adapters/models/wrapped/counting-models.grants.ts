import { grantsOf } from '../../../../shared/contracts/grants.ts'
import type { Models } from '../../../../shared/ports/models.ts'

/** Converse and ConverseStream are allowed by the actions of InvokeModel; an OpenAI-compatible server asks for no grant. */
export const modelsGrants = grantsOf<Required<Models>>()({
  methods: {
    generate: [
      { actions: ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'], on: { kind: 'models' } },
    ],
    count: [{ actions: ['bedrock:CountTokens'], on: { kind: 'models' } }],
  },
  modes: { call: ['generate', 'count'] },
})
