import { grantsOf } from '../../../shared/contracts/grants.ts'

/** A function that goes on in an invocation of its own. */
export const invocationsGrants = grantsOf<{
  invokeLater(functionName: string, event: object): Promise<void>
}>()({
  methods: { invokeLater: [{ actions: ['lambda:InvokeFunction'], on: { kind: 'itself' } }] },
  modes: { itself: ['invokeLater'] },
})
