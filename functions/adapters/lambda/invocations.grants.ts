import { grantsOf } from '../../../shared/contracts/grants.ts'

/** Allows a function to continue its work in another invocation of itself. */
export const invocationsGrants = grantsOf<{
  invokeLater(functionName: string, event: object): Promise<void>
}>()({
  methods: { invokeLater: [{ actions: ['lambda:InvokeFunction'], on: { kind: 'itself' } }] },
  modes: { itself: ['invokeLater'] },
})
