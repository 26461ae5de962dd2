import { relative } from 'node:path'
import type { LocalCloud } from '../../local/local-cloud.ts'
import { style } from '../show/output.ts'
import { SAMPLE_DATA } from './run-sample.ts'

/** Says where the cloud is, and what a person may do next. */
export function welcome({ apiUrl, awsUrl }: LocalCloud, readmes: number, say: (text: string) => void): void {
  const set = setUrl(apiUrl)
  const over = style('dim', `(over ${readmes} READMEs)`)
  const examples = [
    `submit ${SAMPLE} --wait`,
    ...(readmes === 0
      ? []
      : [`submit research_and_analyze --input '{"query":"retry with backoff and jitter"}' --wait   ${over}`]),
    'list',
  ]
  say(`
${style('bold', 'The orchestrator is running.')}
  API           ${apiUrl}/api/v1
  OpenAPI       ${apiUrl}/api/v1/openapi.json
  AWS endpoint  ${awsUrl}  (AWS_ENDPOINT_URL for any SDK or the AWS CLI)

In a second terminal:
${examples.map((example) => `  ${set}npx orchestrator ${example}`).join('\n')}

Ctrl-C stops it; tasks are kept, and unfinished ones go on at the next start.`)
}

/** The sample task, as an argument of `submit`. */
export const SAMPLE = `data_report --file source=${relative('.', SAMPLE_DATA)}`

/** Before a command, where the API is not at its usual port. */
export const setUrl = (apiUrl: string): string =>
  apiUrl.endsWith(':8000') ? '' : `ORCHESTRATOR_URL=${apiUrl} `
