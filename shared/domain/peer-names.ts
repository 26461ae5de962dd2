import { suggestNames } from './nearest-names.ts'

/**
 * What fields are called elsewhere: in Step Functions, Temporal, Argo, GitHub Actions, Airflow, LangGraph and others, without case, dashes and
 * underscores. The first of the names that the object has is meant; what follows a colon is said besides.
 */
const OTHERS: Readonly<Record<string, string>> = {
  'maxAttempts: it counts the first call too, so that 3 retries are 4':
    'retries maxretries maxretry retrycount retrylimit numretries limit tries attempts maximumattempts maxattempts',
  intervalSeconds:
    'interval initialinterval initialdelay delay retrydelay retrydelayseconds minbackoff initialbackoff',
  'backoffRate: a number by which each wait grows':
    'backoff backoffcoefficient backofffactor multiplier factor exponentialbase',
  maxDelaySeconds: 'maxinterval maximuminterval maxintervalseconds maxdelay maxbackoff cap',
  'on: it lists kinds of failures, as [error, transient, timeout]':
    'errorequals errors exceptions retryon retryif retryableerrors nonretryableerrors nonretryableerrortypes',
  'retry: it is written retry: { maxAttempts: 3 }':
    'retries maxretries retrypolicy retrystrategy retrylimit retryoptions',
  timeoutSeconds: 'timeout timeoutms timeoutminutes starttoclosetimeout executiontimeout',
  'needs: a step names what it waits for':
    'dependson depends dependencies after runafter requires upstream next goto then',
  'when: it is written "{% ... %}"': 'if condition runif onlyif',
  'until: it is written "{% ... %}"': 'while condition exitwhen stopwhen',
  input:
    'inputs with parameters params args arguments kwargs payload inputdata task query question message messages',
  'forEach: it is written "{% ... %}"': 'withitems withparam loop map items itemspath iterate',
  maxConcurrency: 'concurrency parallelism maxparallel maxworkers',
  'onFailure: fail, continue, { output }, or { step } that handles it':
    'catch continueonerror continueonfail allowfailure onerror errorhandler ignoreerrors rescue fallthrough',
  capability: 'uses tool function action skill activity taskreference operator resource',
  capabilities: 'tools functions agents actions skills handoffs',
  agent: 'agentid agentname worker executor assignee',
  system: 'instructions systemprompt systemmessage role persona prompt',
  maxTurns: 'maxiterations maxsteps maxrounds recursionlimit steplimit maxtoolcalls',
  maxIterations: 'maxturns maxsteps maxrounds recursionlimit steplimit',
  maxOutputTokens: 'maxtokens maxcompletiontokens maxnewtokens',
  'answer: a JSON Schema': 'responseformat outputschema responseschema outputtype schema structuredoutput',
  'approve: the capabilities whose calls wait for a person':
    'humanintheloop requireapproval needsapproval interrupton interruptbefore confirm',
  model: 'llm modelid modelname',
  'steps: a map, each by its id': 'tasks nodes jobs states stages activities',
  output: 'outputs result results returns return',
  description: 'desc comment title label summary',
}

const NAMES = new Map<string, { field: string; note?: string | undefined }[]>()
for (const [said, others] of Object.entries(OTHERS)) {
  const [field = '', note] = said.split(/: (.*)/s)
  for (const other of others.split(' ')) NAMES.set(other, [...(NAMES.get(other) ?? []), { field, note }])
}

/** Longer names are compared with none: that would take as long as they are. */
const MOST_COMPARED = 100

/** The end of a message about an unknown field, as `suggestNames` has it; a name that another tool has for a field tells more than one that is spelt alike. */
export function suggestField(name: string, known: readonly string[]): string {
  const near = suggestNames(name, known)
  const plain = name.slice(0, MOST_COMPARED).toLowerCase().replaceAll(/[-_]/g, '')
  const meant = NAMES.get(plain)?.find(({ field }) => known.includes(field))
  if (!meant) return near
  const list = near.slice(near.search(/known: /)).replace(/\)$/, '')
  const { field, note } = meant
  return `; did you mean "${field}"? (${note === undefined ? '' : `${note}; `}${list})`
}
