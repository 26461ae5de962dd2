import type { ElsewhereHost } from '../../../shared/app/agents/hosting-of-agent.ts'
import { ElsewhereOfAnyRelease, type ElsewhereSettings } from '../../../shared/domain/elsewhere/settings.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { environment } from '../environment.ts'
import { once } from '../once.ts'

/** What the stage says about agents elsewhere. Throws ConfigError for a variable that infra has not written. */
export const allowedElsewhere = (): ElsewhereSettings =>
  once('allowedElsewhere', () => {
    const { AGENTS_ELSEWHERE = '{}' } = environment()
    try {
      return ElsewhereOfAnyRelease.parse(JSON.parse(AGENTS_ELSEWHERE))
    } catch (error) {
      const message = `AGENTS_ELSEWHERE is ${AGENTS_ELSEWHERE.slice(0, 200)}, which is not as a deployment writes it; deploy again`
      throw new OrchestratorError('ConfigError', message, {}, error)
    }
  })

/** What calls agents elsewhere in this stage; undefined where the stage says nothing of them. */
export const elsewhereHost = (): ElsewhereHost | undefined => {
  const { ELSEWHERE_FUNCTION: functionArn } = environment()
  return functionArn === undefined ? undefined : { functionArn, allowed: allowedElsewhere() }
}
