import type { Json } from '../shared/domain/json.ts'

/** A person's answer to an approval. */
export type ScriptedApproval = {
  /** True answers with the first choice, false with the second; `decision` names another one. */
  approved?: boolean
  decision?: string
  /** The approver; the step's first by default. */
  by?: string
  comment?: string
  /** The value of the step as the person changes it; as it is shown by default. */
  value?: Json
  /** Virtual seconds after the question; 0 by default. */
  afterSeconds?: number
}

/** By path (`improve[2].sign_off`), by place (`improve.sign_off`), or by a function; an approval without an answer times out. */
export type GivenApprovals =
  | Readonly<Record<string, ScriptedApproval>>
  | ((path: string, prompt: string) => ScriptedApproval | undefined)
