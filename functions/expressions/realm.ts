/**
 * The script of the realm in which users' expressions are evaluated, bundled on its own, with nothing around it but the
 * language. The worker takes `evaluateInRealm` and passes it texts.
 */
import { type Evaluated, evaluateText, MAX_RESULT } from '../../shared/workflow/evaluate-text.ts'
import { boundStringify, freezeIntrinsics } from './harden-realm.ts'

boundStringify(MAX_RESULT)
freezeIntrinsics()

declare global {
  var evaluateInRealm: (text: string, names: string, random: string) => Promise<Evaluated>
}

globalThis.evaluateInRealm = (text, names, random) => evaluateText({ text, names, random })
